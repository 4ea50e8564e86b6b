-- End the work on an answer: from here on the stored text stands, and nobody asks Grok again.
-- What the job had reserved is settled.
--
-- KEYS  1 job      hash
--       2–11 counters, 12–14 books of its hold, if it has one (quotas.lua)
-- ARGV  1 lease    of the holder
--       2 answer   JSON
--       3–5 what the holder used: requests, tokens, micro-dollars (empty: nobody knows)
-- returns the stored answer, which is the given one unless one was stored before;
--         nothing when the lease is lost
--
-- A job that nobody has asked Grok for is charged nothing, whatever its holder says. When an
-- earlier holder has asked, and this one has not (begin.lua), all that was reserved is charged.
--
-- uses quotas.lua

local job = KEYS[1]
local lease, answer = ARGV[1], ARGV[2]
local counters, books = {unpack(KEYS, 2, 11)}, {unpack(KEYS, 12, 14)}

local function used(hold)
  local asked = redis.call('HGET', job, 'asked')
  if not asked then
    return NONE
  end
  if asked ~= lease then
    return whole(hold)
  end
  local requests, tokens, micro_dollars = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
  return {requests = requests, tokens = tokens, micro_dollars = micro_dollars}
end

if redis.call('HGET', job, 'lease') ~= lease then
  return false
end
if redis.call('HGET', job, 'state') == 'running' then
  redis.call('HSET', job, 'state', 'delivering', 'answer', answer, 'attempts', 1)
  local hold = redis.call('HGET', job, 'hold')
  if hold then
    hold = cjson.decode(hold)
    release(hold, counters, redis.call('HGET', job, 'id'))
    charge(hold, counters, books, used(hold))
    redis.call('HDEL', job, 'hold', 'asked')
  end
end
return redis.call('HGET', job, 'answer')
