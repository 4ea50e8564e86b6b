-- Ask Grok with what a job has reserved: said by its holder right before it asks.
--
-- KEYS  1 job      hash
--       2–11 counters, 12–14 books of its hold (quotas.lua)
-- ARGV  1 lease    of the holder
--       2 time     which time this is that it asks, from 0
-- returns {outcome, shortages}: "granted"; "denied" with the limits that are short, and nothing
--         has changed; "lost" when the lease is lost
--
-- A reservation is good for asking once. When an earlier holder has asked with it, or this one an
-- earlier time, the most that this has used is charged, which is all of it where nobody knows better,
-- and the whole is reserved anew, if it fits in the limits and windows that the question was accepted
-- in. It is one question all the same. What is charged so is kept in the job, to be told. Saying so
-- again, of the same time under the same lease, changes nothing.
--
-- uses quotas.lua

local job, lease, time = KEYS[1], ARGV[1], tonumber(ARGV[2])
local counters, books = {unpack(KEYS, 2, 11)}, {unpack(KEYS, 12, 14)}

if redis.call('HGET', job, 'lease') ~= lease then
  return {'lost', {}}
end
local asked = redis.call('HGET', job, 'asked')
local times = tonumber(redis.call('HGET', job, 'asked_time') or 0)
if asked and (asked ~= lease or times < time) then
  local hold = cjson.decode(redis.call('HGET', job, 'hold'))
  local again = most_used(job, hold)
  again.requests = 0
  local short = shortages(hold, counters, again, 0)
  if #short > 0 then
    return {'denied', short}
  end
  charge(hold, counters, books, again)
  redis.call('HINCRBY', job, 'lost', again.tokens)
  redis.call('HDEL', job, 'used')
end
if asked == lease then
  time = math.max(time, times)
end
redis.call('HSET', job, 'asked', lease, 'asked_time', time)
return {'granted', {}}
