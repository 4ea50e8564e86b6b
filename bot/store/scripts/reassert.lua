-- Have the answer shown once more: a worker wrote to Slack after it had lost its lease.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
-- ARGV  1 call     name of this call, never used before; calling again by it is harmless
--       2 lease    that was lost
--       3 late     ms for which Slack may carry out calls made under it; 0: none is known of
-- returns 1, or 0 when the job is no longer known
--
-- A finished job is queued again with its stored answer; the holder of any other delivers
-- once more before it may finish. Whoever shows it looks again when nothing comes late any more.
--
-- uses late.lua
-- uses news.lua

local job, queue = KEYS[1], KEYS[2]
local call, lease, late = ARGV[1], ARGV[2], tonumber(ARGV[3])

local state = redis.call('HGET', job, 'state')
if not state then
  return 0
end
if redis.call('HGET', job, 'call') == call then
  return 1
end
redis.call('HSET', job, 'call', call)
redis.call('HINCRBY', job, 'redeliver', 1)
expect_later(job, lease, late)
if state == 'done' then
  redis.call('HSET', job, 'state', 'delivering', 'attempts', 0)
  redis.call('HDEL', job, 'lease')
  redis.call('PERSIST', job)
  enqueue(queue, 'job', redis.call('HGET', job, 'id'))
end
return 1
