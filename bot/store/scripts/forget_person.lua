-- Take what is known of a person out of one key, of whatever kind.
--
-- KEYS  1 key
-- ARGV  1 user     Slack id
--       2 how      "named": the key is theirs by its name; "whole": where its content says so;
--                  "part": it is shared; "files": facts of a conversation of which some turn was
--                  theirs, where nobody says whose the files are
--       3 scope    the rules for this person (`bot.rules.quota.Scope`)
--       4 nobody   what stands in the place of the id where a record needs somebody
-- returns {outcome, how many, places}: "gone", so many entries, or 1 for the whole key; "busy": a
--         question of theirs is under way, and nothing was changed; the direct messages in which
--         they asked
--
-- Doing it again finds nothing.
--
-- uses clock.lua
-- uses news.lua

local key = KEYS[1]
local user, how, scope, nobody = unpack(ARGV)

local word = '%f[%w]' .. user .. '%f[%W]'
local said_by = '"user":"' .. user .. '"'
local places = {}

local function names(text)
  return text:find(word) ~= nil
end

local function note(text)
  for place in text:gmatch('"channel":"(D%w+)"') do
    places[#places + 1] = place
  end
end

-- What a job's fields say, or those of anything else.
local function of_fields(fields)
  local ask = fields['ask']
  if not ask then
    for _, value in pairs(fields) do
      if names(value) then
        return 'gone'
      end
    end
  elseif ask:find(said_by, 1, true) then
    note(ask)
    return fields['state'] ~= 'done' and 'busy' or 'gone'
  end
end

-- What is reserved is released at the end of a question, and must then be there.
local function of_counters(fields)
  for name, value in pairs(fields) do
    if name:sub(1, 5) == 'held_' and value ~= '0' then
      return 'busy'
    end
  end
  return 'gone'
end

local function fields_of()
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return fields
end

local function remove(outcome)
  if outcome == 'gone' then
    redis.call('DEL', key)
    return {'gone', 1, places}
  end
  return {outcome or 'gone', 0, places}
end

-- Rules for this person go; where they have set a rule for others, that stays.
local function of_policy(fields)
  local changed = 0
  for name, value in pairs(fields) do
    if name:sub(1, #scope + 1) == scope .. ' ' then
      changed = changed + redis.call('HDEL', key, name)
    elseif names(value) then
      redis.call('HSET', key, name, (value:gsub(word, nobody)))
      changed = changed + 1
    end
  end
  if changed > 0 then
    local version = math.max(server_ms(), tonumber(fields['version']) + 1)
    redis.call('HSET', key, 'version', string.format('%d', version))
    tell('policy', key)
  end
  return changed
end

-- `channel person …`, of a month.
local function of_ledger(fields)
  local changed = 0
  for name in pairs(fields) do
    if names(name) then
      places[#places + 1] = name:match('^D%w+')
      changed = changed + redis.call('HDEL', key, name)
    end
  end
  return changed
end

-- A stream cannot be changed: it is written anew, with the same ids.
local function of_stream()
  local entries, changed = redis.call('XRANGE', key, '-', '+'), 0
  local kept = {}
  for _, entry in ipairs(entries) do
    local words, theirs, named = entry[2], false, false
    for i = 1, #words, 2 do
      theirs = theirs or (words[i] == 'scope' and words[i + 1] == scope)
      if names(words[i + 1]) then
        words[i + 1] = words[i + 1]:gsub(word, nobody)
        named = true
      end
    end
    changed = changed + ((theirs or named) and 1 or 0)
    if not theirs then
      kept[#kept + 1] = entry
    end
  end
  if changed > 0 then
    redis.call('DEL', key)
    for _, entry in ipairs(kept) do
      redis.call('XADD', key, entry[1], unpack(entry[2]))
    end
  end
  return changed
end

local function of_list()
  local changed = 0
  for _, entry in ipairs(redis.call('LRANGE', key, 0, -1)) do
    if entry:find(said_by, 1, true) then
      changed = changed + redis.call('LREM', key, 1, entry)
    end
  end
  return changed
end

local kind = redis.call('TYPE', key)['ok']
if how == 'files' then
  return {'gone', redis.call('HDEL', key, 'files'), places}
end
if how == 'named' then
  return remove(kind == 'hash' and of_counters(fields_of()) or 'gone')
end
if how == 'whole' then
  if kind == 'hash' then
    return remove(of_fields(fields_of()))
  end
  return remove(kind == 'string' and names(redis.call('GET', key)) and 'gone')
end
local changed = 0
if kind == 'hash' then
  local fields = fields_of()
  changed = fields['version'] and of_policy(fields) or of_ledger(fields)
elseif kind == 'zset' then
  changed = redis.call('ZREM', key, user)
elseif kind == 'stream' then
  changed = of_stream()
elseif kind == 'list' then
  changed = of_list()
end
return {'gone', changed, places}
