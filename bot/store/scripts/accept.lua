-- Take a question once: remember its delivery, store the job, queue it.
--
-- KEYS  1 seen    id of the job that this delivery already became
--       2 job     hash of the new job
--       3 queue   stream of job ids
-- ARGV  1 id      of the new job; asking again by the same id is harmless
--       2 ask     JSON
--       3 seconds for which the delivery is remembered
-- returns {outcome, id}: "accepted" and the new id, or "duplicate" and the id that holds
--
-- Whatever may refuse a question decides between the two checks and the first write, so that
-- a refusal changes nothing; its keys and arguments follow those above.

local seen, job, queue = KEYS[1], KEYS[2], KEYS[3]
local id, ask, seconds = ARGV[1], ARGV[2], ARGV[3]

local holder = redis.call('GET', seen)
if holder and holder ~= id then
  return {'duplicate', holder}
end
if holder or redis.call('EXISTS', job) == 1 then
  return {'accepted', id}
end

local now = redis.call('TIME')
local created = now[1] * 1000 + math.floor(now[2] / 1000)

redis.call('SET', seen, id, 'EX', seconds)
redis.call('HSET', job,
  'id', id, 'state', 'queued', 'ask', ask, 'created', string.format('%d', created),
  'epoch', 0, 'attempts', 0, 'redeliver', 0)
redis.call('XADD', queue, '*', 'job', id)
return {'accepted', id}
