-- Take one call of a Slack method out of its budget, or say when to ask again.
--
-- KEYS  1 log      sorted set: the calls of the last window, by server time in ms
--       2 rest     set while the method rests after a 429
-- ARGV  1 call     name of this call, never used before; asking again by it is harmless
--       2 most     calls in any window
--       3 window   in ms
-- returns 0 when the call may be made now, else how many ms to wait before asking again
--
-- uses allowance.lua

local log, rest = KEYS[1], KEYS[2]
local call, most, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

return math.ceil(take_of(log, call, most, window, redis.call('PTTL', rest)))
