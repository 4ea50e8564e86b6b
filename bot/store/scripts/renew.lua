-- Show that the holder of some jobs is alive: their queue entries count as fresh again.
--
-- KEYS  1 queue    stream of job ids
--       2 job      hash; and so on, one for each job
-- ARGV  1 group    of the stream
--       2 consumer that holds the entries
--       3 lease    of the holder, and
--       4 entry    id in the stream; and so on, for each job
-- returns for each job 1, or 0 when the lease is lost

local queue, group, consumer = KEYS[1], ARGV[1], ARGV[2]

local kept = {}
for i = 2, #KEYS do
  local lease, entry = ARGV[2 * i - 1], ARGV[2 * i]
  kept[i - 1] = 0
  if redis.call('HGET', KEYS[i], 'lease') == lease then
    redis.call('XCLAIM', queue, group, consumer, 0, entry, 'IDLE', 0, 'JUSTID')
    kept[i - 1] = 1
  end
end
return kept
