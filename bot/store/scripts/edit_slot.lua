-- Take one edit out of the workspace's budget for an answer, if its holder still has the lease, or
-- say when to ask again.
--
-- KEYS  1 log      sorted set: the edits of the last window, by server time in ms
--       2 rest     set while edits rest after a 429
--       3 open     sorted set: answers that are shown and not complete, by when their text
--                  began; 0 before that
--       4 asked    sorted set: the same, by when they asked last
--       5 pace     hash: typical  ms that the text of an answer comes for, learned
--                        most, at edits in a window as a 429 has told, and when
--       6 told     sorted set: the edits of the last window that only told how long one waits
--       7 job      hash; this and ARGV 9 to 11 only where the edit is made at once
-- ARGV  1 call     name of this call, never used before; asking again by it is harmless
--       2 kind     begin  show a message that has no text yet: takes no edit
--                  post   show the first text by a post: takes no edit
--                  edit   show newer text
--                  when   takes nothing: how long until an edit
--                  tell   tell how long the asker waits
--                  final  show how the answer ends
--                  end    the answer is complete
--       3 answer
--       4 most     edits in any window
--       5 window   in ms
--       6 typical  ms that the text of an answer comes for, before that is known
--       7 age      ms since the text began (of `post`: since it was worth showing); -1 before
--       8 since    ms since text was shown last; -1 before the first
--       9 lease    of the holder
--      10 number   of this write to the job, as in write.lua
--      11 late     ms for which Slack may carry out calls of the holder that it has not answered,
--                  this edit included
-- returns ms to wait before asking again: 0 when it may be done now, -1 when the lease is lost; and
-- of an `edit` or `post` that may be made, after how many ms the next edit may
--
-- Every open answer is owed its last edit. What is free beyond that is spread evenly over the
-- time for which the open answers will go on, so that each is shown at the same distance. That
-- distance takes the last edit for one of the showings: n answers with `room` edits for all of
-- them have room/n + 1 showings each. Some of the window is kept for those who come next,
-- the less of it the fewer answers are open: an answer alone may use everything.
--
-- Where each open answer would not get one more edit, the next one is posted only when some of
-- it can be read, and where its last edit could not be taken in time, not before it is whole.
--
-- uses late.lua

local log, rest, open, asked = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local pace, told = KEYS[5], KEYS[6]
local call, kind, answer = ARGV[1], ARGV[2], ARGV[3]
local most, window = tonumber(ARGV[4]), tonumber(ARGV[5])
local age, since = tonumber(ARGV[7]), tonumber(ARGV[8])
local job, lease, number, late = KEYS[7], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])

if job and redis.call('HGET', job, 'lease') ~= lease then
  return { -1, 0 }
end

local KEPT = 0.18        -- of the window, for those who come next
local PLENTY = 0.3       -- of the window: so many for each lets one be shown without text
local TOLD = 0.1         -- of the window, for telling how long one waits
local CLOSEST = 1 / 200  -- of the window: no closer do edits follow each other
local LAST = 0.3         -- of the typical time: an answer lasts at least so much longer
local SOON = 0.6         -- of its time left: by then a posted answer must have its last edit
local HALF = 0.5         -- of the typical time: a post with text waits no longer
local LEARNT = 0.125     -- weight of one answer in the typical time
local RECOVERED = 1 / 6  -- of the window, for each edit that a 429 has taken away
local FORGOTTEN = 2      -- windows after which an answer that never asks again is not open

local now = server_ms()
local typical = tonumber(redis.call('HGET', pace, 'typical') or ARGV[6])

if kind == 'end' then
  redis.call('ZREM', asked, answer)
  if redis.call('ZREM', open, answer) == 1 and age >= 0 then
    typical = typical + LEARNT * (math.min(math.max(age, window / 20), 2 * window) - typical)
    redis.call('HSET', pace, 'typical', math.floor(typical))
    redis.call('PEXPIRE', pace, 1440 * window)
  end
  return { 0, 0 }
end

if redis.call('ZSCORE', log, call) then
  return { 0, 0 }
end

redis.call('ZREMRANGEBYSCORE', log, '-inf', now - window)
local used = redis.call('ZCARD', log)
local rests = math.max(redis.call('PTTL', rest), 0)

-- How long until only `count` of the edits in the window are left there.
local function until_left(count)
  local leaves = redis.call('ZRANGE', log, used - count - 1, used - count - 1, 'WITHSCORES')[2]
  return leaves and leaves + window - now or window
end

local function take(wait, next_one)
  wait = math.max(wait, rests)
  if wait > 0 or kind == 'when' then
    return { math.ceil(wait), 0 }
  end
  redis.call('ZADD', log, now, call)
  redis.call('PEXPIRE', log, window)
  if job and number > tonumber(redis.call('HGET', job, 'writes')) then
    redis.call('HSET', job, 'writes', number)
    expect_late(job, lease, late)
  end
  return { 0, math.ceil(next_one or 0) }
end

if kind == 'final' then
  return take(used < most and 0 or until_left(most - 1))
end

local learnt = redis.call('HMGET', pace, 'most', 'at')
if learnt[1] then
  most = math.min(most, learnt[1] + math.floor((now - learnt[2]) / (window * RECOVERED)))
end

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', now - FORGOTTEN * window)) do
  redis.call('ZREM', asked, gone)
  redis.call('ZREM', open, gone)
end

local function left_of(began)
  local lasted = began > 0 and now - began or 0
  return lasted < typical and math.max(typical - lasted, LAST * typical) or lasted
end

local began = age >= 0 and now - age or 0
local n, left = 1, left_of(began)
local all = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  if all[i] ~= answer then
    n = n + 1
    left = left + left_of(tonumber(all[i + 1]))
  end
end
local free = most - used - n
local kept = KEPT * most * (1 - 1 / n)
local room = free - kept

-- How far apart showings are while there is so much room.
local function distance_in(so_much)
  if so_much < 1 then
    return math.max(typical, n * window * KEPT / math.max(free, 1))
  end
  return math.max(window * CLOSEST, left / (so_much + n))
end

local function show()
  redis.call('ZADD', open, began, answer)
  redis.call('ZADD', asked, now, answer)
  redis.call('PEXPIRE', open, FORGOTTEN * window)
  redis.call('PEXPIRE', asked, FORGOTTEN * window)
end

if kind == 'begin' then
  if rests > 0 or free < PLENTY * most * n then
    return { math.ceil(window), 0 }
  end
  show()
  return { 0, 0 }
end

if kind == 'post' then
  local wait = 0
  if room < n then
    local back = redis.call('ZCOUNT', log, '-inf', now + SOON * left_of(began) - window)
    if free + back < 0 then
      wait = until_left(most - n)
    else
      wait = math.min(left / (math.max(room, 0) + n), HALF * typical) - age
    end
  end
  if wait > 0 then
    return { math.ceil(wait), 0 }
  end
  show()
  return { 0, math.ceil(distance_in(room)) }
end

show()
if kind == 'tell' then
  redis.call('ZREMRANGEBYSCORE', told, '-inf', now - window)
  if room < 1 or redis.call('ZCARD', told) >= math.max(1, TOLD * most) then
    return { math.ceil(window), 0 }
  end
  local answered = take(0)
  if answered[1] == 0 then
    redis.call('ZADD', told, now, call)
    redis.call('PEXPIRE', told, window)
  end
  return answered
end

if free < 1 then
  return take(math.max(1, until_left(most - n - 1)))
end
return take(since < 0 and 0 or distance_in(room) - since, distance_in(room - 1))
