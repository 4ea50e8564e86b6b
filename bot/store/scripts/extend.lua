-- Reserve more for a job while its holder asks Grok: its answer searches more than was thought.
--
-- KEYS  1 job      hash
--       2–11 counters of its hold (quotas.lua)
-- ARGV  1 lease    of the holder
--       2 hold     what it is to have reserved in all, JSON
-- returns {outcome, shortages}: "granted"; "denied" with the limits that are short, and nothing
--         has changed; "lost" when the lease is lost, or nothing is reserved any more
--
-- It has to fit in the limits and windows that the question was accepted in. Saying so again
-- changes nothing.
--
-- uses quotas.lua

local job, lease, wanted = KEYS[1], ARGV[1], cjson.decode(ARGV[2])
local counters = {unpack(KEYS, 2, 11)}

local stored = redis.call('HGET', job, 'hold')
if not stored or redis.call('HGET', job, 'lease') ~= lease then
  return {'lost', {}}
end
local held, more = whole(cjson.decode(stored)), whole(wanted)
for name, amount in pairs(more) do
  more[name] = amount - (held[name] or 0)
end
local short = shortages(wanted, counters, more, 0)
if #short > 0 then
  return {'denied', short}
end
hold_more(wanted, counters, more, 1)
redis.call('INCRBY', counters[#counters], more.tokens)
redis.call('HSET', job, 'hold', ARGV[2])
return {'granted', {}}
