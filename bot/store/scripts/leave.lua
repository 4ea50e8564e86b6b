-- Keep silent in a conversation until somebody names the bot there (accept.lua).
--
-- KEYS  1 facts    hash of the conversation
-- ARGV  1 call     name of this call; calling again by it is harmless
--       2 kept     seconds for which that is remembered
-- returns 1

local facts = KEYS[1]
local call, kept = ARGV[1], ARGV[2]

if redis.call('HGET', facts, 'left') ~= call then
  redis.call('HSET', facts, 'left', call, 'silent', 1)
  redis.call('EXPIRE', facts, kept)
end
return 1
