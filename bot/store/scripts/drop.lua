-- End a job, whoever holds it and wherever it waits: with a sentence that is still to be shown, or,
-- when even that was tried too often, without a word.
--
-- KEYS  1 job      hash
--       2 queue    stream of job ids
--       3 failed   sorted set of jobs that were given up, by when, in ms
--       4 paused, 5 singly  sorted sets of jobs that rest (pause.lua)
--       6 thread, 7 facts, 8 active, 9 waiting  of the conversation that it is in; any keys, when
--         it is in none
--       10–19 counters, 20–22 books of its hold, if it can be read (quotas.lua)
-- ARGV  1 line     id of that conversation, or empty
--       2 hold     what it has reserved, as the caller has found it, or empty
--       3 answer   JSON of the sentence; empty: nothing is shown
--       4 entry    id in the stream, when the caller holds it; else empty
--       5 group    of the stream
--       6 seconds  for which the job is remembered
-- returns "dropped"; "forgotten": it was over, and is no longer among those that were given up;
--         "over"; "unknown"; "changed": not as the caller has found it, nothing was done
--
-- Where somebody has asked Grok, the most that this has used of what is reserved is charged, and
-- else all is released. The next of its conversation starts. Whoever holds it has lost it:
-- its entry is taken from there by the next that looks for abandoned ones. Where it has no entry,
-- since it rested or waited, it gets one. Dropping it again changes nothing.
--
-- uses clock.lua
-- uses conversation.lua
-- uses quotas.lua
-- uses news.lua

local job, queue, failed, paused, singly = unpack(KEYS, 1, 5)
local active, waiting = KEYS[8], KEYS[9]
local counters, books = {unpack(KEYS, 10, 19)}, {unpack(KEYS, 20, 22)}
local line, held, answer, entry, group, seconds = unpack(ARGV)

local function settle(id)
  if #counters > 0 and held ~= '' then
    local hold = cjson.decode(held)
    release(hold, counters, id)
    charge(hold, counters, books, redis.call('HEXISTS', job, 'asked') == 1 and most_used(job, hold) or NONE)
  end
  redis.call('HDEL', job, 'hold', 'asked', 'used')
end

local function remember_failed(id)
  redis.call('ZADD', failed, server_ms(), id)
  redis.call('EXPIRE', failed, seconds)
end

local id, state, stands_in, hold, given_up = unpack(
  redis.call('HMGET', job, 'id', 'state', 'line', 'hold', 'given_up'))
if not state then
  return 'unknown'
end
if state == 'done' then
  return redis.call('ZREM', failed, id) == 1 and 'forgotten' or 'over'
end
if given_up == 'dropped' and answer ~= '' then
  return 'dropped'
end
if (stands_in or '') ~= line or (hold or '') ~= held then
  return 'changed'
end

settle(id)
local outside = redis.call('ZREM', paused, id) + redis.call('ZREM', singly, id)
if line ~= '' then
  outside = outside + redis.call('ZREM', waiting, id)
  leave(job, active, waiting, queue)
end
redis.call('HSET', job, 'remembered', 1)
redis.call('HDEL', job, 'lease')
if answer == '' then
  redis.call('HSET', job, 'state', 'done', 'given_up', given_up or state, 'unsaid', 1)
  redis.call('EXPIRE', job, seconds)
  redis.call('XACK', queue, group, entry)
  redis.call('XDEL', queue, entry)
  remember_failed(id)
  return 'dropped'
end
redis.call('ZREM', failed, id)
redis.call('HSET', job,
  'state', 'delivering', 'answer', answer, 'attempts', 0, 'given_up', 'dropped')
if outside > 0 then
  enqueue(queue, 'job', id)
end
return 'dropped'
