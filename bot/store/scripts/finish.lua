-- End a job whose answer was shown: it leaves the queue and is remembered for a while.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
-- ARGV  1 lease    of the holder
--       2 entry    id in the stream
--       3 group    of the stream
--       4 served   calls for another delivery that the holder knows of
--       5 seconds  for which the job is remembered
-- returns {outcome, calls}: "done"; "again" when another delivery was called for since
--         `served`, and how many were until now; "early" for a job without an answer; "lost"

local job, queue = KEYS[1], KEYS[2]
local lease, entry, group = ARGV[1], ARGV[2], ARGV[3]
local served, seconds = tonumber(ARGV[4]), ARGV[5]

if redis.call('HGET', job, 'lease') ~= lease then
  return {'lost', 0}
end
local state = redis.call('HGET', job, 'state')
if state == 'done' then
  return {'done', 0}
end
if state ~= 'delivering' then
  return {'early', 0}
end
local calls = tonumber(redis.call('HGET', job, 'redeliver'))
if calls > served then
  return {'again', calls}
end
redis.call('HSET', job, 'state', 'done')
redis.call('EXPIRE', job, seconds)
redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
return {'done', calls}
