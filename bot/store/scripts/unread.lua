-- What of a queue no worker has read. No script of its own: it stands before those that say they
-- use it.

-- The oldest `count` entries that nobody in `group` has read, and whether anybody has read at all.
local function unread(queue, group, count)
  local groups = redis.pcall('XINFO', 'GROUPS', queue)
  for _, flat in ipairs(groups.err and {} or groups) do
    local found = {}
    for i = 1, #flat, 2 do
      found[flat[i]] = flat[i + 1]
    end
    if found['name'] == group then
      local from = '(' .. found['last-delivered-id']
      return redis.call('XRANGE', queue, from, '+', 'COUNT', count), true
    end
  end
  return redis.call('XRANGE', queue, '-', '+', 'COUNT', count), false
end

-- The id of the first of `entries`, or ''.
local function id_of(entries)
  return entries[1] and entries[1][1] or ''
end
