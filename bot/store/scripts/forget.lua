-- Forget what was said in a conversation; it goes on, from nothing.
--
-- KEYS  1 thread   list of turns
--       2 facts    hash of the conversation
-- ARGV  1 call     name of this call, never used before; calling again by it is harmless
-- returns 1, or 0 when the conversation is not known

local thread, facts = KEYS[1], KEYS[2]
local call = ARGV[1]

if redis.call('EXISTS', facts) == 0 then
  return 0
end
if redis.call('HGET', facts, 'call') ~= call then
  redis.call('DEL', thread)
  redis.call('HDEL', facts, 'files')
  redis.call('HSET', facts, 'call', call, 'dropped', 0)
end
return 1
