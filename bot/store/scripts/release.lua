-- Hand a job back before its end, so that any worker takes it at once.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
--       3 paused   sorted set of jobs that rest, by when they are queued again, in ms
-- ARGV  1 lease    of the holder
--       2 entry    id in the stream
--       3 group    of the stream
--       4 late     ms for which Slack may carry out calls that it has not answered; 0: none
--       5 rest     ms for which the job rests before anybody takes it; 0: not at all
-- returns 1, or 0 when the lease is lost (or the job was handed back already)
--
-- The job gets a new entry: workers that wait for news see it at once, whereas an entry that
-- is pending is found only by those that look for abandoned ones. `since` keeps its place in
-- line, where jobs wait for their turn.
--
-- uses late.lua
-- uses news.lua

local job, queue, paused = KEYS[1], KEYS[2], KEYS[3]
local lease, entry, group = ARGV[1], ARGV[2], ARGV[3]

if redis.call('HGET', job, 'lease') ~= lease then
  return 0
end
local state = redis.call('HGET', job, 'state')
if state == 'done' then
  return 0
end
if state == 'running' then
  redis.call('HSET', job, 'state', 'queued')
end
redis.call('HDEL', job, 'lease')
expect_late(job, lease, tonumber(ARGV[4]))
redis.call('HINCRBY', job, 'attempts', -1)
local id, created = unpack(redis.call('HMGET', job, 'id', 'created'))
local rest = tonumber(ARGV[5])
if rest > 0 then
  redis.call('ZADD', paused, server_ms() + rest, id)
else
  enqueue(queue, 'job', id, 'since', created)
end
redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
return 1
