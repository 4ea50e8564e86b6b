-- Queue again what has rested long enough (pause.lua).
--
-- KEYS  1 queue    stream of job ids
--       2 paused   sorted set of jobs that rest, by when they are queued again, in ms
--       3 singly   the same, of those that are queued again one after the other
--       4 alone    the id of the last of those
--       5 job      hash of that one; any key, when there is none
-- ARGV  1 last     what the caller has found in `alone`; empty: nothing
--       2 most     jobs that are queued by one call
--       3 seconds  after which the next of `singly` waits no longer for the last
-- returns how many were queued
--
-- A job that was queued is in its set no more, so calling again queues it no second time.
--
-- uses clock.lua
-- uses news.lua

local queue, paused, singly, alone, job = unpack(KEYS)
local last, most, seconds = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local now = server_ms()

local function wake(set, count)
  local due = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'LIMIT', 0, count)
  for _, id in ipairs(due) do
    redis.call('ZREM', set, id)
    enqueue(queue, 'job', id)
  end
  return due
end

-- Whether the last one is under way.
local function busy()
  local state = last ~= '' and redis.call('HGET', job, 'state')
  return state and state ~= 'done' and not redis.call('ZSCORE', singly, last)
end

local woken = #wake(paused, most)
if (redis.call('GET', alone) or '') == last and not busy() then
  local next = wake(singly, 1)[1]
  if next then
    redis.call('SET', alone, next, 'EX', seconds)
    woken = woken + 1
  end
end
return woken
