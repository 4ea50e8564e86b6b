-- Let a Slack method rest after a 429, for every process. A longer rest stands.
--
-- KEYS  1 rest
-- ARGV  1 ms

if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
return 1
