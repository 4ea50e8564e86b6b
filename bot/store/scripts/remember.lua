-- Keep a text for a while in place of what is kept by that name, or forget it.
--
-- KEYS  1 name
-- ARGV  1 text     empty: forget it
--       2 seconds  for which it is kept

if ARGV[1] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
return 1
