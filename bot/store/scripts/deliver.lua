-- End the work on an answer: from here on the stored text stands, and nobody asks Grok again.
--
-- KEYS  1 job      hash
-- ARGV  1 lease    of the holder
--       2 answer   JSON
-- returns the stored answer, which is the given one unless one was stored before;
--         nothing when the lease is lost
--
-- What must happen once with an answer (a quota settled, a turn remembered) happens here,
-- beside the first HSET.

local job = KEYS[1]
local lease, answer = ARGV[1], ARGV[2]

if redis.call('HGET', job, 'lease') ~= lease then
  return false
end
if redis.call('HGET', job, 'state') == 'running' then
  redis.call('HSET', job, 'state', 'delivering', 'answer', answer, 'attempts', 1)
end
return redis.call('HGET', job, 'answer')
