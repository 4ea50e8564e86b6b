-- Take a question once: remember its delivery, store the job, queue it or line it up.
--
-- KEYS  1 seen    id of the job that this delivery already became
--       2 job     hash of the new job
--       3 queue   stream of job ids
--       4… of the conversation that the question continues, if any:
--         thread, facts, active (set of job ids), waiting (job ids by when they were asked)
-- ARGV  1 id      of the new job; asking again by the same id is harmless
--       2 ask     JSON
--       3 seconds for which the delivery is remembered
--       4 line    id of the conversation, if any
--       5 kept    seconds for which the conversation is remembered
--       6 asked   when the question was asked, Unix time in seconds
-- returns {outcome, id}: "accepted" and the new id, or "duplicate" and the id that holds
--
-- Whatever may refuse a question decides between the two checks and the first write, so that
-- a refusal changes nothing; its keys and arguments follow those above.
--
-- While a job of the conversation is active, the new one has no entry in the queue: it waits
-- until finish.lua or write.lua finds that none is active any more. What was asked first is
-- answered first, in whichever order Slack delivered it. `active` and `waiting`
-- never expire, since what waits must not be forgotten; they are gone once they are empty.

local seen, job, queue = KEYS[1], KEYS[2], KEYS[3]
local thread, facts, active, waiting = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local id, ask, seconds, line, kept, asked = unpack(ARGV)

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
if thread then
  redis.call('HSET', job, 'line', line)
  redis.call('HSETNX', facts, 'dropped', 0)
  redis.call('EXPIRE', facts, kept)
  redis.call('EXPIRE', thread, kept)
  if redis.call('EXISTS', active) == 1 then
    redis.call('ZADD', waiting, asked, id)
    return {'accepted', id}
  end
  redis.call('SADD', active, id)
end
redis.call('XADD', queue, '*', 'job', id)
return {'accepted', id}
