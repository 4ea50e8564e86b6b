-- Let a job rest whose holder is gone without a word, before somebody takes it again.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
--       3 paused   sorted set of jobs that rest, by when they are queued again, in ms
--       4 singly   the same, of those that are queued again one after the other (wake.lua)
-- ARGV  1 entry    id in the stream, claimed by this consumer
--       2 group    of the stream
--       3 consumer
--       4 most     takings of a job, in all
--       5… how long it rests in ms, after one taking, after two, …; the last stands for all further
-- returns for how many ms the job rests; 0 when it is to be taken now: nobody held it, nothing is
--         to be waited for, or it was taken so often that it is given up
--
-- Whoever held it has lost it from here on: what it writes is refused, should it still live. What
-- every worker of a crash has held is suspected alike; so that those who are innocent are not
-- struck again and again beside the guilty one, the last taking is one for each job alone.
--
-- uses clock.lua

local job, queue, paused, singly = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local entry, group, consumer, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

if #redis.call('XPENDING', queue, group, entry, entry, 1, consumer) == 0 then
  return 0
end
local id, state, lease, attempts = unpack(
  redis.call('HMGET', job, 'id', 'state', 'lease', 'attempts'))
if not lease or state == 'done' then
  return 0
end
attempts = tonumber(attempts)
if attempts < 1 or attempts == most then
  return 0
end
local rest = tonumber(ARGV[math.min(4 + attempts, #ARGV)])
if rest <= 0 then
  return 0
end
local due = server_ms() + rest
redis.call('HDEL', job, 'lease')
if state == 'running' then
  redis.call('HSET', job, 'state', 'queued')
end
redis.call('ZADD', attempts + 1 >= most and singly or paused, due, id)
redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
return rest
