-- Let a Slack method rest after a 429, for every process. A longer rest stands.
--
-- KEYS  1 rest
--       2 log      the calls of the last window
--       3 pace     of edits: where it is learned how many a window holds; else left out
-- ARGV  1 ms
--       2 window   in ms
--       3 most     calls in any window
--
-- The call that was refused is in the log: Slack takes fewer than those. What it cannot tell is
-- how many others used up: a fifth of `most` is taken for granted.
--
-- uses clock.lua

local rest, log, pace = KEYS[1], KEYS[2], KEYS[3]
local ms, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

if redis.call('PTTL', rest) < ms then
  redis.call('SET', rest, '1', 'PX', ms)
end
if pace then
  local now = server_ms()
  local used = redis.call('ZCOUNT', log, now - window, '+inf')
  local learnt = math.max(math.ceil(most / 5), math.min(most, used) - 1)
  redis.call('HSET', pace, 'most', learnt, 'at', now)
  redis.call('PEXPIRE', pace, 1440 * window)
end
return 1
