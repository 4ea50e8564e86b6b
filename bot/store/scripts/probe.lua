-- Try out every kind of value that the other scripts write, and leave nothing behind.
--
-- KEYS  1 probe
-- returns 1; an error of the server says why nothing can be written

local probe = KEYS[1]

-- First what needs memory: once a script has written, a full server lets it go on.
redis.call('SET', probe, '1', 'PX', 10000)
redis.call('DEL', probe)
redis.call('HSET', probe, 'field', '1')
redis.call('DEL', probe)
redis.call('ZADD', probe, 1, 'member')
redis.call('DEL', probe)
redis.call('SADD', probe, 'member')
redis.call('DEL', probe)
redis.call('RPUSH', probe, 'entry')
redis.call('DEL', probe)
redis.call('XADD', probe, '*', 'field', '1')
redis.call('XGROUP', 'CREATE', probe, 'group', '0')
redis.call('XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', 1, 'STREAMS', probe, '>')
redis.call('DEL', probe)
redis.call('TIME')
return 1
