-- Queue a job anew that the store has forgotten, since it came back without its last second: whoever
-- holds it knows what it was.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
-- ARGV  1 id
--       2 entry    in the stream that the holder had, if that is still there
--       3 group    of the stream
--       4… field, value pairs of the job
-- returns 1, or 0 when the job is known
--
-- What it had reserved was forgotten with it, and is neither released nor charged. Restoring it again
-- changes nothing.
--
-- uses news.lua

local job, queue = KEYS[1], KEYS[2]

if redis.call('EXISTS', job) == 1 then
  return 0
end
redis.call('HSET', job, unpack(ARGV, 4))
redis.pcall('XACK', queue, ARGV[3], ARGV[2])
redis.call('XDEL', queue, ARGV[2])
enqueue(queue, 'job', ARGV[1])
return 1
