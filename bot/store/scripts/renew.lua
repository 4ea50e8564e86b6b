-- Show that the holder of a job is alive: its queue entry counts as fresh again.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
-- ARGV  1 lease    of the holder
--       2 entry    id in the stream
--       3 group    of the stream
--       4 consumer that holds the entry
-- returns 1, or 0 when the lease is lost

local job, queue = KEYS[1], KEYS[2]
local lease, entry, group, consumer = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('HGET', job, 'lease') ~= lease then
  return 0
end
redis.call('XCLAIM', queue, group, consumer, 0, entry, 'IDLE', 0, 'JUSTID')
return 1
