-- Let one of several do something that is done once.
--
-- KEYS  1 claimed   who does it
-- ARGV  1 who       a name of this call alone; calling again by it is harmless
--       2 seconds   for which it is remembered
-- returns 1 for the first caller, 0 for every other

local claimed = KEYS[1]
local who, seconds = ARGV[1], ARGV[2]

local first = redis.call('GET', claimed)
if first then
  return first == who and 1 or 0
end
redis.call('SET', claimed, who, 'EX', seconds)
return 1
