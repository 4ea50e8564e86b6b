-- Take in what no worker has room for, and learn for how many jobs that wait somebody has room
-- now. Asked by a worker all of whose places are taken.
--
-- KEYS  1 queue    stream of job ids
--       2 rooms    hash of what other workers offer (offer.lua)
-- ARGV  1 group    of the stream
--       2 consumer that asks
--       3 most     entries that it takes in
--       4 age      milliseconds for which an entry has been unread when nobody has room for it
--       5 waiting  jobs that it would hand back for others to begin
--       6 offers   what it offers room by
-- returns how many of these to hand back, and behind it the entries that were taken in
--
-- What others offer is for what is unread first. What is handed back here is offered no more, so
-- that nobody else sends its jobs there too. An offer that nobody keeps does no harm: what was
-- handed back in vain is unread, and soon taken in again.
--
-- uses clock.lua
-- uses unread.lua

local queue, rooms = KEYS[1], KEYS[2]
local group, consumer = ARGV[1], ARGV[2]
local most, age, waiting = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local own = ARGV[6]

local now = server_ms()

-- How much others have room for, and what each offers.
local function offers()
  local found, room = {}, 0
  local flat = redis.call('HGETALL', rooms)
  for i = 1, #flat, 2 do
    local jobs, till = flat[i + 1]:match('^(%d+) (%d+)$')
    if tonumber(till) < now then
      redis.call('HDEL', rooms, flat[i])
    elseif flat[i] ~= own then
      found[#found + 1] = {from = flat[i], jobs = tonumber(jobs), till = till}
      room = room + tonumber(jobs)
    end
  end
  return found, room
end

local function accept(found, jobs)
  for _, offer in ipairs(found) do
    local taken = math.min(jobs, offer.jobs)
    if taken > 0 then
      local left = string.format('%d %s', offer.jobs - taken, offer.till)
      redis.call('HSET', rooms, offer.from, left)
      jobs = jobs - taken
    end
  end
end

local found, room = offers()
local entries, known = unread(queue, group, math.max(most, room, 1))
if not known then
  return {0}
end
local elsewhere = math.max(0, math.min(waiting, room - #entries))
accept(found, elsewhere)

local old = 0
while old < math.min(most, #entries) do
  local entered = tonumber(entries[old + 1][1]:match('^%d+'))
  if now - entered < age then
    break
  end
  old = old + 1
end
if old == 0 then
  return {elsewhere}
end
local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', old,
  'STREAMS', queue, '>')
return {elsewhere, unpack(read[1][2])}
