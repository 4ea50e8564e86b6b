-- Take one call of a Slack method out of the workspace's budget, or say when to ask again.
--
-- KEYS  1 log      sorted set: the calls of the last window, by server time in ms
--       2 rest     set while the method rests after a 429
--       3 active   sorted set: answers that want to show new text, by when they asked last
-- ARGV  1 call     name of this call, never used before; asking again by it is harmless
--       2 most     calls in any window
--       3 window   in ms
--       4 answer   for an interim edit: which answer it is for; else empty
--       5 since    for an interim edit: ms since the last edit of that answer
-- returns 0 when the call may be made now, else how many ms to wait before asking again
--
-- Interim edits keep a distance that grows with what the window has used already, from a fifth
-- of the even spacing to nine times that: an answer alone is fluent at first, and never freezes
-- because the budget ran dry. Several answers share that pace.

local log, rest, active = KEYS[1], KEYS[2], KEYS[3]
local call, most, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local answer, since = ARGV[4], tonumber(ARGV[5])
local ACTIVE_FOR = 10000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call('ZSCORE', log, call) then
  return 0
end

local wait = math.max(redis.call('PTTL', rest), 0)

redis.call('ZREMRANGEBYSCORE', log, '-inf', now - window)
local used = redis.call('ZCARD', log)
if used >= most then
  local leaves = redis.call('ZRANGE', log, used - most, used - most, 'WITHSCORES')[2]
  wait = math.max(wait, leaves + window - now)
end

if answer ~= '' then
  redis.call('ZADD', active, now, answer)
  redis.call('ZREMRANGEBYSCORE', active, '-inf', now - ACTIVE_FOR)
  redis.call('PEXPIRE', active, ACTIVE_FOR)
  local pace = window / most * (0.2 + 1.6 * used / most)
  wait = math.max(wait, pace * redis.call('ZCARD', active) - since)
end

if wait > 0 then
  return math.ceil(wait)
end
redis.call('ZADD', log, now, call)
redis.call('PEXPIRE', log, window)
return 0
