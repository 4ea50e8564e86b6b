-- Become the holder of a job whose queue entry this consumer has read or claimed.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
-- ARGV  1 lease    name of this taking, never used before; taking again by it is harmless
--       2 entry    id in the stream
--       3 group    of the stream
--       4 consumer that has read the entry
-- returns the fields of the job as a flat list, and behind them "late": for how many ms Slack may
--         still carry out calls of earlier holders (late.lua); an empty list when there is nothing
--         to do: the job is over, or another consumer has the entry by now
--
-- `epoch` counts the holders and `lease` names the newest: every other script compares the
-- lease, because an epoch can repeat when Redis comes back without its last second.
-- `attempts` counts the takings, those handed back not included.
--
-- uses late.lua

local job, queue = KEYS[1], KEYS[2]
local lease, entry, group, consumer = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local state = redis.call('HGET', job, 'state')
if not state or state == 'done' then
  redis.call('XACK', queue, group, entry)
  redis.call('XDEL', queue, entry)
  return {}
end
if redis.call('HGET', job, 'lease') ~= lease then
  if #redis.call('XPENDING', queue, group, entry, entry, 1, consumer) == 0 then
    return {}
  end
  if state == 'queued' then
    redis.call('HSET', job, 'state', 'running')
  end
  redis.call('HSET', job, 'lease', lease, 'writes', 0)
  redis.call('HINCRBY', job, 'epoch', 1)
  redis.call('HINCRBY', job, 'attempts', 1)
end
local fields = redis.call('HGETALL', job)
fields[#fields + 1] = 'late'
fields[#fields + 1] = string.format('%d', (late_of_others(job, lease)))
return fields
