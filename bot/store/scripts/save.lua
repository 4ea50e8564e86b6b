-- Save named values of one owner, or take some back: a person's defaults, and prompts.
--
-- KEYS  1 saved    hash
-- ARGV  1 most     values of the owner
--       2… name and value of each; an empty value is taken back
-- returns 1; 0 when there would be too many, and nothing is changed
--
-- A second time it changes nothing more.

local saved, most = KEYS[1], tonumber(ARGV[1])

local added = 0
for i = 2, #ARGV, 2 do
  local there = redis.call('HEXISTS', saved, ARGV[i])
  added = added + (ARGV[i + 1] ~= '' and 1 - there or -there)
end
if added > 0 and redis.call('HLEN', saved) + added > most then
  return 0
end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', saved, ARGV[i])
  else
    redis.call('HSET', saved, ARGV[i], ARGV[i + 1])
  end
end
return 1
