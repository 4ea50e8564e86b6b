-- Change what is set in one scope: all of it or nothing, and once.
--
-- KEYS  1 policy   hash: version, and JSON by "scope field"
--       2 audit    stream of what was changed
--       3 done     hash of what this call has done, for as long as it may come again
-- ARGV  1 scope
--       2 by       Slack id of who changes it
--       3 most     entries that `audit` holds, about
--       4 seconds  for which `done` is kept
--       5… pairs of a field and its JSON; an empty one takes away the field, and one without a dot
--         all those below it ("defaults" those that begin with "defaults."); of a field the last
--         pair stands
-- returns what `done` holds: version; "before:field" and "after:field" of each that changed,
--         without the one that there is not
--
-- The version is the time in milliseconds, or one more than the last. A mere count could come
-- again with other contents when Redis comes back without its last second. It has 13 digits, of
-- which cjson, where it passes through that, keeps 14.
--
-- uses clock.lua
-- uses news.lua

local policy, audit, done = KEYS[1], KEYS[2], KEYS[3]
local scope, by, most, seconds = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('EXISTS', done) == 1 then
  return redis.call('HGETALL', done)
end

local version, stored = 0, {}
local all = redis.call('HGETALL', policy)
for i = 1, #all, 2 do
  if all[i] == 'version' then
    version = tonumber(all[i + 1])
  elseif all[i]:sub(1, #scope + 1) == scope .. ' ' then
    stored[all[i]:sub(#scope + 2)] = all[i + 1]
  end
end

local wanted, order = {}, {}
local function want(field, value)
  if not wanted[field] then
    order[#order + 1] = field
  end
  wanted[field] = value
end
for i = 5, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  if value == '' and not field:find('.', 1, true) then
    for below in pairs(stored) do
      if below:sub(1, #field + 1) == field .. '.' then
        want(below, '')
      end
    end
  end
  want(field, value)
end

local changed = {}
for _, field in ipairs(order) do
  local before, after = stored[field], wanted[field]
  if after ~= (before or '') then
    if before then
      changed[#changed + 1] = 'before:' .. field
      changed[#changed + 1] = before
    end
    if after == '' then
      redis.call('HDEL', policy, scope .. ' ' .. field)
    else
      redis.call('HSET', policy, scope .. ' ' .. field, after)
      changed[#changed + 1] = 'after:' .. field
      changed[#changed + 1] = after
    end
  end
end

if #changed > 0 then
  version = math.max(server_ms(), version + 1)
  redis.call('HSET', policy, 'version', string.format('%d', version))
  redis.call('XADD', audit, 'MAXLEN', '~', most, '*',
    'by', by, 'scope', scope, unpack(changed))
  tell('policy', policy)
end
redis.call('HSET', done, 'version', string.format('%d', version), unpack(changed))
redis.call('EXPIRE', done, seconds)
return redis.call('HGETALL', done)
