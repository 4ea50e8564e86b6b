-- Make a message that an earlier holder posted, without saying where, a message of this job.
--
-- KEYS  1 job      hash
--       2… when the message is the root of a conversation, as in write.lua: queue, thread,
--         facts, active, waiting
-- ARGV  1 lease    of the holder
--       2 number   of this write, as in write.lua
--       3 field    of the post
--       4 value    of the field, JSON
--       5 ts       of the message
--       6 line     id of the conversation that the job enters, if any
--       7 kept     seconds for which the conversation is remembered
-- returns "adopted"; "disowned" when its poster takes it back; "lost" when the lease is lost
--
-- disown.lua decides the same question for the poster: whoever comes first is right.
--
-- uses conversation.lua

local job = KEYS[1]
local thread, facts, active = KEYS[3], KEYS[4], KEYS[5]
local lease, number, field, value, ts = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local line, kept = ARGV[6], ARGV[7]

if redis.call('HGET', job, 'lease') ~= lease then
  return 'lost'
end
if redis.call('HEXISTS', job, 'disowned:' .. ts) == 1 then
  return 'disowned'
end
if number > tonumber(redis.call('HGET', job, 'writes')) then
  redis.call('HSET', job, 'writes', number, field, value)
  if thread then
    keep(thread, facts, kept)
    enter(job, line, active)
  end
end
return 'adopted'
