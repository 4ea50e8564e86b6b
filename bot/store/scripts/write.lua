-- Change fields of a job as its holder, or only ask whether one still is.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids; this and the following only when the first message of
--                  an answer is the root of a conversation, which starts or ends with it
--       3… of the conversation: thread, facts, active, waiting
-- ARGV  1 lease    of the holder
--       2 number   of this write: 1, 2, … under one lease; 0 to ask only
--       3 line     id of the conversation that the job enters; empty: it leaves it
--       4 kept     seconds for which the conversation is remembered
--       5 late     ms for which Slack may carry out calls of the holder that it has not answered,
--                  one that is about to be made included; 0: none
--       6… field, value pairs; an empty value deletes the field
-- returns 1, or 0 when the lease is lost
--
-- A copy of a write that arrives late, after newer ones, changes nothing. A write that was
-- applied counts as such even when its reply was lost and the lease is gone by now.
--
-- `late` is recorded with each write that has a number, so that whoever takes the job over knows.
--
-- A job that enters is active from then on, beside whatever else is. When one leaves
-- and none is active any more, the first of those that wait starts, as in finish.lua.
--
-- uses conversation.lua
-- uses late.lua

local job, queue = KEYS[1], KEYS[2]
local thread, facts, active, waiting = KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local lease, number, line, kept = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local late = tonumber(ARGV[5])

local function stands()
  for i = 6, #ARGV, 2 do
    if redis.call('HGET', job, ARGV[i]) ~= ARGV[i + 1] then
      return 0
    end
  end
  return #ARGV > 5 and 1 or 0
end

if redis.call('HGET', job, 'lease') ~= lease then
  return stands()
end
if number <= tonumber(redis.call('HGET', job, 'writes')) then
  return 1
end
redis.call('HSET', job, 'writes', number)
expect_late(job, lease, late)
for i = 6, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', job, ARGV[i])
  else
    redis.call('HSET', job, ARGV[i], ARGV[i + 1])
  end
end
if thread then
  if line == '' then
    leave(job, active, waiting, queue)
  else
    keep(thread, facts, kept)
    enter(job, line, active)
  end
end
return 1
