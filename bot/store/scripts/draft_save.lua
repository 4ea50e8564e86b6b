-- Keep what an open form holds. A name is given once, so a second time writes the same.
--
-- KEYS  1 draft
-- ARGV  1 content, JSON
--       2 seconds for which it is kept

redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
