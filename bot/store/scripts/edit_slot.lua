-- Take one edit out of the workspace's budget for an answer, if its holder still has the lease, or
-- say when to ask again.
--
-- KEYS  1 log      sorted set: the edits of the last window, by server time in ms
--       2 rest     set while edits rest after a 429
--       3 open     sorted set: answers that are shown and not complete, by when their text
--                  began; 0 before that
--       4 asked    sorted set: the same, by when they asked last
--       5 pace     hash: typical  ms that the text of an answer comes for, learned
--                        spread   ms by which it differs from that, learned
--                        most, at edits in a window as a 429 has told, and when
--                        last, came, run, gap  of answers that come one after the other: the last
--                                 one, when it came, how many there were, and ms between two
--       6 told     sorted set: the edits of the last window that only told how long one waits
--       7 job      hash; this and ARGV 9 to 11 only where the edit is made at once
-- ARGV  1 call     name of this call, never used before; asking again by it is harmless
--       2 kind     begin  show a message that has no text yet: takes no edit
--                  post   show the first text by a post: takes no edit
--                  edit   show newer text
--                  when   takes nothing: how long until an edit
--                  tell   tell how long the asker waits
--                  final  show how the answer ends
--                  spare  take something away that is not needed any more
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
-- Every open answer is owed its last edit. What is free beyond that is spread evenly over the time
-- for which the open answers will go on, so that each is shown at the same distance, and its last
-- edit is one of the showings. A post may carry text as well and costs no edit: where showings are
-- far apart it waits for some.
--
-- While answers come one after the other, more are expected: the edits that there will be by any
-- time ahead must last for those too. Once no more come, a share is kept for who asks next, the
-- less of it the fewer answers are open.
--
-- Where its last edit could not be taken in time, an answer is not posted before it is whole. A
-- spare edit is made of what is neither owed nor kept.
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

local KEPT = 0.26        -- of the window, for who asks next once so MANY answers are open
local MANY = 15
local ALONE = 0.06       -- of what was free before it, kept for who asks next by an answer alone
local PLENTY = 0.3       -- of those that an answer has use for: so many for each, and one is shown
                         -- without text
local NEAR = 0.3         -- of the typical time: closer showings let a post not wait
local WAITS = 0.32       -- of the typical time: a post with text waits no longer
local TOLD = 0.1         -- of the window, for telling how long one waits
local CLOSEST = 1 / 250  -- of the window: no closer do edits follow each other
local EARLY = 1 / 1200   -- of the window: so much sooner than planned counts as then, for who asks at
                         -- a tick of the clock, as others do
local PHASE = 0.3        -- edits that each answer takes more, as it is in the middle between two
local WORTH = 0.25       -- of the distance: nothing is shown so soon before the end
local SPREAD = 0.15      -- of the typical time: by so much answers differ, before that is known
local SOON = 0.4         -- of its time left: by then a posted answer must have its last edit
local LEARNT = 0.125     -- weight of one answer in the typical time
local GAP = 0.25         -- weight of one arrival in the time between two
local OVER = 3           -- of those times without an arrival: no more come
local MORE = 2           -- so many more come for each that came
local AHEAD = 6          -- times ahead that are looked at, evenly over the window
local LOOK = 1 / 60      -- of the window: it is not looked more often whether they still come
local RECOVERED = 1 / 6  -- of the window, for each edit that a 429 has taken away
local FORGOTTEN = 2      -- windows after which an answer that never asks again is not open

local now = server_ms()
local learnt = {}
local fields = { 'typical', 'spread', 'most', 'at', 'came', 'gap', 'run' }
for place, value in ipairs(redis.call('HMGET', pace, unpack(fields))) do
  learnt[fields[place]] = value and tonumber(value)
end
local typical = learnt.typical or tonumber(ARGV[6])
local spread = learnt.spread or SPREAD * typical

local function learn(...)
  redis.call('HSET', pace, ...)
  redis.call('PEXPIRE', pace, 1440 * window)
end

if kind == 'end' then
  redis.call('ZREM', asked, answer)
  if redis.call('ZREM', open, answer) == 1 and age >= 0 then
    local off = math.min(math.max(age, window / 20), 2 * window) - typical
    typical = typical + LEARNT * off
    spread = spread + LEARNT * (math.abs(off) - spread)
    learn('typical', math.floor(typical), 'spread', math.floor(spread))
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

if learnt.most then
  most = math.min(most, learnt.most + math.floor((now - learnt.at) / (window * RECOVERED)))
end

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', now - FORGOTTEN * window)) do
  redis.call('ZREM', asked, gone)
  redis.call('ZREM', open, gone)
end

local function left_of(began)
  local lasted = began > 0 and now - began or 0
  return lasted < typical + 2 * spread and math.max(typical - lasted, spread) or lasted
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

if kind == 'spare' then
  local kept = math.floor(KEPT * most)
  return take(free >= kept and 0 or math.max(1, until_left(most - n - kept)))
end

local function is_known()
  return redis.call('ZSCORE', open, answer) or redis.call('HGET', pace, 'last') == answer
end

-- How many answers are expected, and for how long that is known.
local gap, run, silence = learnt.gap, learnt.run or 0, now - (learnt.came or 0)
if kind == 'begin' and not is_known() then
  if gap and silence > OVER * gap or silence >= window then
    gap, run = false, 0
    redis.call('HDEL', pace, 'gap')
  else
    gap = math.max(1, math.floor(gap and gap + GAP * (silence - gap) or silence))
    learn('gap', gap)
  end
  run, silence = run + 1, 0
  learn('came', now, 'run', run, 'last', answer)
end
local more, known = 0, window
if gap and silence <= OVER * gap then
  more = math.min(MORE * run, math.max(window - typical, 0) / gap)
  known = math.max(OVER * gap - silence, window * LOOK)
end

-- How far apart showings are, if `taken` edits had been taken.
local function distance(taken)
  local supply = most - used - taken - n * PHASE
  if more == 0 then
    local unused = most - redis.call('ZCOUNT', log, '-inf', began)
    local kept = math.max(KEPT * most * math.min(1, (n - 1) / MANY), math.floor(ALONE * unused))
    return math.max(window * CLOSEST, left / math.max(supply - kept, 1))
  end
  local longest, long = window * CLOSEST, typical * (1 - WAITS)
  for part = 1, AHEAD do
    local ahead = window * part / AHEAD
    local back = redis.call('ZCOUNT', log, '-inf', now + ahead - window)
    local come = math.min(more, ahead / gap)
    local wanted = math.min(left, n * ahead) + come * math.min(long, ahead - come * gap / 2)
    longest = math.max(longest, wanted / math.max(supply + back, 1))
  end
  return longest
end

local function planned(wait)
  return wait > window * EARLY and wait or 0
end

-- How long until the next showing, by what is known now: the time from the last one to the end of
-- the answer is cut into even parts.
local function next_in(apart, shown)
  local to_end = left_of(began)
  local whole = shown + to_end
  local wait = math.max(0, whole / math.max(1, math.floor(whole / apart + 0.5)) - shown)
  return planned(math.min(to_end - wait < WORTH * apart and to_end or wait, known))
end

local function show()
  redis.call('ZADD', open, began, answer)
  redis.call('ZADD', asked, now, answer)
  redis.call('PEXPIRE', open, FORGOTTEN * window)
  redis.call('PEXPIRE', asked, FORGOTTEN * window)
end

if kind == 'begin' then
  local useful = math.min(most, typical / (window * CLOSEST))
  if rests > 0 or free < PLENTY * useful * (n + more) then
    return { math.ceil(window), 0 }
  end
  show()
  return { 0, 0 }
end

if kind == 'post' then
  local wait
  local back = redis.call('ZCOUNT', log, '-inf', now + SOON * left_of(began) - window)
  if free + back < 0 then
    wait = until_left(most - n)
  else
    wait = planned(math.min(distance(0) - NEAR * typical, WAITS * typical) - age)
  end
  if wait > 0 then
    return { math.ceil(math.min(wait, known)), 0 }
  end
  show()
  return { 0, math.ceil(next_in(distance(0), 0)) }
end

show()
if kind == 'tell' then
  redis.call('ZREMRANGEBYSCORE', told, '-inf', now - window)
  local scarce = free < 1 or distance(0) > NEAR * typical
  if scarce or redis.call('ZCARD', told) >= math.max(1, TOLD * most) then
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
return take(since < 0 and 0 or next_in(distance(0), since), next_in(distance(1), 0))
