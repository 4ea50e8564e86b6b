-- Ask Grok with what a job has reserved: said by its holder right before it asks.
--
-- KEYS  1 job      hash
--       2–11 counters, 12–14 books of its hold (quotas.lua)
-- ARGV  1 lease    of the holder
-- returns {outcome, shortages}: "granted"; "denied" with the limits that are short, and nothing
--         has changed; "lost" when the lease is lost
--
-- A reservation is good for asking once. When an earlier holder has asked with it, all of it is
-- charged, for nobody knows what that one used, and as much is reserved anew, if it fits in the
-- limits and windows that the question was accepted in. It is one question all the same. Saying so
-- again under the same lease changes nothing.
--
-- uses quotas.lua

local job, lease = KEYS[1], ARGV[1]
local counters, books = {unpack(KEYS, 2, 11)}, {unpack(KEYS, 12, 14)}

if redis.call('HGET', job, 'lease') ~= lease then
  return {'lost', {}}
end
local asked = redis.call('HGET', job, 'asked')
if asked and asked ~= lease then
  local hold = cjson.decode(redis.call('HGET', job, 'hold'))
  local again = whole(hold)
  again.requests = 0
  local short = shortages(hold, counters, again, 0)
  if #short > 0 then
    return {'denied', short}
  end
  charge(hold, counters, books, again)
end
redis.call('HSET', job, 'asked', lease)
return {'granted', {}}
