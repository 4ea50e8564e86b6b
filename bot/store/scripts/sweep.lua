-- Which workspaces of a shard have something to do, and how much; and for how many more jobs a
-- process has room, of any of them.
--
-- KEYS  1 busy     set of the workspaces that may have jobs
--       2 rooms    hash of the room of each process, as in offer.lua
-- ARGV  1 prefix   of the keys of the shard
--       2 group    of the streams
--       3 idle     ms after which an entry counts as abandoned whose holder has shown no life
--       4 process  that has room, or empty
--       5 jobs     that it has room for; 0 takes the offer back
--       6 valid    ms for which it can be counted on
-- returns Unix time in ms, and behind it of each workspace {team, entries in the queue, jobs that
--         rest, the id of the oldest entry or "", that of the oldest that no worker has read or "",
--         tokens reserved, whether some entry is abandoned, whether a job has rested long enough}
--
-- The keys of a workspace follow from its name, and lie in the same slot of a Cluster. Who has
-- nothing any more leaves the set: what is put into a queue brings it back (news.lua).
--
-- uses clock.lua
-- uses unread.lua

local busy, rooms = KEYS[1], KEYS[2]
local prefix, group, idle, process, jobs, valid = unpack(ARGV)

local now = server_ms()

local function is_due(set)
  return #redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, 1) > 0
end

local function is_abandoned(queue)
  local found = redis.pcall('XPENDING', queue, group, 'IDLE', idle, '-', '+', 1)
  return not found.err and #found > 0
end

local function load_of(team)
  local own = prefix .. team .. ':'
  local queue, paused, singly = own .. 'queue', own .. 'paused', own .. 'paused:singly'
  local queued = redis.call('XLEN', queue)
  local resting = redis.call('ZCARD', paused) + redis.call('ZCARD', singly)
  if queued + resting == 0 then
    return nil
  end
  return {
    team,
    queued,
    resting,
    id_of(redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)),
    id_of((unread(queue, group, 1))),
    tonumber(redis.call('GET', own .. 'reserved') or 0),
    is_abandoned(queue) and 1 or 0,
    (is_due(paused) or is_due(singly)) and 1 or 0,
  }
end

if process ~= '' and jobs == '0' then
  redis.call('HDEL', rooms, process)
elseif process ~= '' then
  redis.call('HSET', rooms, process, string.format('%d %d', jobs, now + tonumber(valid)))
  redis.call('PEXPIRE', rooms, valid)
end
local loads = {string.format('%d', now)}
for _, team in ipairs(redis.call('SMEMBERS', busy)) do
  local load = load_of(team)
  if load then
    loads[#loads + 1] = load
  else
    redis.call('SREM', busy, team)
  end
end
return loads
