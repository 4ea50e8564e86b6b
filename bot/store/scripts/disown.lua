-- Ask to take back a message that was posted after the lease was lost.
--
-- KEYS  1 job      hash
-- ARGV  1 ts       of the message
-- returns 1 when nobody has adopted it, and from here on nobody can; 0 when it must stay
--
-- Asking again changes nothing. A job that is forgotten has no use for any message.

local job, ts = KEYS[1], ARGV[1]

if redis.call('EXISTS', job) == 0 then
  return 1
end
local fields = redis.call('HGETALL', job)
for i = 1, #fields, 2 do
  if fields[i]:sub(1, 5) == 'post:' and cjson.decode(fields[i + 1])['ts'] == ts then
    return 0
  end
end
redis.call('HSET', job, 'disowned:' .. ts, 1)
return 1
