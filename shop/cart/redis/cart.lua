-- Changes a cart on the server: model.apply on the format of codec.py, atomically and in one round trip.
--
-- KEYS[1]  the cart
-- ARGV[1]  op
-- ARGV[2]  the sku, the id of the change to undo, a coupon code (coupon; buy), or a whole cart (swap)
-- ARGV[3]  change id 8 | at 4 | price 8 | quantity 2 | maximum quantity of this line 2 |
--          maximum quantity of any line 2 | maximum lines of the cart 2
-- ARGV[4]  ttl in seconds; a swap never shortens the ttl of the stored cart
-- ARGV[5]  swap: the bytes that must be stored now, '' for none; otherwise nothing is written
--          buy: the ordered lines, each as length of sku 1 | sku | quantity 2
-- ARGV[6]  the ids of changes that come first, 8 bytes each: a cart that lacks one is returned as it is
-- ARGV[7]  the server's time in ms after which the caller has given up: nothing is written then; 0 for none
-- returns  the cart's bytes ('' if there is none); or a number if the change is refused:
--          n > 0: the quantity of a line would exceed n, n < 0: the cart would have more than -n lines
-- errors   LATE seconds microseconds: the server's time is past ARGV[7]
--          NEWER: a newer release has written the cart, in a format that this one must not overwrite
--          UNREADABLE: the bytes are no cart
--
-- Two ops are not about a cart:
--   aside  renames KEYS[1] to KEYS[2], for ARGV[4] seconds, if its value is still ARGV[5] or still no string; returns 1
--   probe  reads KEYS[1] and writes it for a second, to prove that changes are accepted

local byte, char, sub, find, floor, min, max = string.byte, string.char, string.sub, string.find, math.floor, math.min, math.max
local ID, REMEMBERED, HEAD, VERSION, NEWEST, MAX_U32, MOST_REMOVALS = 8, 256, 13, 2, 15, 4294967295, 5
local NOTHING_REMOVED = '\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\1\0\0\0\0\0\0XXX\0\0\0\0'

local function u16(s, at)
  local a, b = byte(s, at, at + 1)
  return a * 256 + b
end

local function u32(s, at)
  local a, b, c, d = byte(s, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function b16(n)
  return char(floor(n / 256), n % 256)
end

local function b32(n)
  return char(floor(n / 16777216), floor(n / 65536) % 256, floor(n / 256) % 256, n % 256)
end

-- A line stays encoded; below, n is the length of its sku, which is its first byte.

local function quantity_of(line)
  return u16(line, byte(line) + 2)
end

local function is_saved(line)
  return byte(line, byte(line) + 4) == 1
end

local function with_quantity(line, quantity)
  local n = byte(line)
  return sub(line, 1, n + 1) .. b16(quantity) .. sub(line, n + 4)
end

local function index(lines, name, saved)
  for i = 1, #lines do
    local line = lines[i]
    if sub(line, 1, #name) == name and is_saved(line) == saved then return i end
  end
end

local function read(s)
  if not s then return {version = 1, revision = 0, changed_at = 0, ids = '', lines = {}, rest = ''} end
  local version = byte(s) or 0
  if version < 1 or version > VERSION then
    return nil, version > VERSION and version <= NEWEST and 'NEWER' or 'UNREADABLE'
  elseif #s < HEAD then
    return nil, 'UNREADABLE'
  end
  local at = HEAD + 1 + u16(s, 10) * ID
  local ids, lines = sub(s, HEAD + 1, at - 1), {}
  for i = 1, u16(s, 12) do
    local stop = at + (byte(s, at) or #s) + 16
    lines[i], at = sub(s, at, stop - 1), stop
  end
  if at > #s + 1 then return nil, 'UNREADABLE' end
  return {version = version, revision = u32(s, 2), changed_at = u32(s, 6), ids = ids, lines = lines, rest = sub(s, at)}
end

local function write(cart)
  local ids = sub(cart.ids, -REMEMBERED * ID)
  return char(cart.version) .. b32(cart.revision) .. b32(cart.changed_at) .. b16(#ids / ID) .. b16(#cart.lines)
    .. ids .. table.concat(cart.lines) .. cart.rest
end

-- The bytes after the lines are copied unchanged; only operations that change them decode them.

-- The removals, the latest first, and the coupon.
local function parts_of(cart)
  local rest, removals = cart.rest, {}
  if rest == '' then return removals, '' end
  local pos = cart.version > 1 and 2 or 1
  for n = 1, cart.version > 1 and byte(rest) or 1 do
    local count = u16(rest, pos + ID + 4)
    local stop = pos + ID + 6 + 2 * count
    for _ = 1, count do stop = stop + byte(rest, stop) + 16 end
    removals[n], pos = sub(rest, pos, stop - 1), stop
  end
  if removals[1] == NOTHING_REMOVED then removals = {} end
  return removals, sub(rest, pos)
end

local function set_rest(cart, removals, coupon)
  if #removals > MOST_REMOVALS then table.remove(removals) end
  cart.version = #removals > 1 and 2 or 1
  if #removals > 1 then
    cart.rest = char(#removals) .. table.concat(removals) .. coupon
  else
    cart.rest = (removals[1] or coupon ~= '' and NOTHING_REMOVED or '') .. coupon
  end
end

local function knows(cart, id)
  local at = find(cart.ids, id, 1, true)
  while at and (at - 1) % ID ~= 0 do
    at = find(cart.ids, id, at + 1, true)
  end
  return at ~= nil
end

local function knows_all(cart, ids)
  if sub(cart.ids, -#ids) == ids then return true end
  for at = 1, #ids, ID do
    if not knows(cart, sub(ids, at, at + ID - 1)) then return false end
  end
  return true
end

local op, subject, numbers = ARGV[1], ARGV[2], ARGV[3]

if op == 'probe' then
  redis.call('GET', KEYS[1])
  return redis.call('SET', KEYS[1], '1', 'EX', 1)
elseif op == 'aside' then
  local value = redis.pcall('GET', KEYS[1])
  if value ~= ARGV[5] and not (type(value) == 'table' and ARGV[5] == '') then return 0 end
  redis.call('RENAME', KEYS[1], KEYS[2])
  return redis.call('EXPIRE', KEYS[2], ARGV[4])
end

local deadline = tonumber(ARGV[7] or 0)
if deadline > 0 then
  local time = redis.call('TIME')
  if time[1] * 1000 + time[2] / 1000 > deadline then
    return redis.error_reply('LATE ' .. time[1] .. ' ' .. time[2])
  end
end

local id, at, price = sub(numbers, 1, 8), sub(numbers, 9, 12), sub(numbers, 13, 20)
local quantity, line_limit = u16(numbers, 21), u16(numbers, 23)
local max_quantity, max_lines, ttl = u16(numbers, 25), u16(numbers, 27), ARGV[4]
local stored = redis.call('GET', KEYS[1])

local function sum(a, b)
  return min(a + b, max(max_quantity, a, b))
end

local function store(bytes)
  redis.call('SET', KEYS[1], bytes, 'EX', ttl)
  return bytes
end

if op == 'swap' then
  if (stored or '') ~= ARGV[5] then return stored or '' end
  if stored then ttl = max(tonumber(ttl), redis.call('TTL', KEYS[1])) end
  return store(subject)
end

local cart, unreadable = read(stored)
if unreadable then return redis.error_reply(unreadable) end
local lines = cart.lines
if knows(cart, id) or (cart.revision == 0 and op ~= 'add' and op ~= 'add_saved') then return stored or '' end
if not knows_all(cart, ARGV[6]) then return stored or '' end

local name = char(#subject) .. subject

if op == 'add' or op == 'add_saved' then
  local saved = op == 'add_saved'
  local i = index(lines, name, saved)
  local total = quantity + (i and quantity_of(lines[i]) or 0)
  if total > line_limit then return line_limit end
  if not i and #lines >= max_lines then return -max_lines end
  local added_at = i and sub(lines[i], -4) or at
  lines[i or #lines + 1] = name .. b16(total) .. char(saved and 1 or 0) .. price .. added_at

elseif op == 'set' then
  if quantity > line_limit then return line_limit end
  local i = index(lines, name, false)
  if i then lines[i] = with_quantity(lines[i], quantity) end

elseif op == 'remove' or op == 'remove_saved' or op == 'clear' then
  local saved, kept, indexes, taken = op == 'remove_saved', {}, {}, {}
  for i, line in ipairs(lines) do
    if is_saved(line) == saved and (op == 'clear' or sub(line, 1, #name) == name) then
      indexes[#indexes + 1], taken[#taken + 1] = b16(i - 1), line
    else
      kept[#kept + 1] = line
    end
  end
  if #taken > 0 then
    local removals, coupon = parts_of(cart)
    table.insert(removals, 1, id .. at .. b16(#taken) .. table.concat(indexes) .. table.concat(taken))
    cart.lines = kept
    set_rest(cart, removals, coupon)
  end

elseif op == 'save' or op == 'move' then
  local saved = op == 'save'
  local from, to = index(lines, name, not saved), index(lines, name, saved)
  if from and to then
    lines[to] = with_quantity(lines[to], sum(quantity_of(lines[to]), quantity_of(lines[from])))
    table.remove(lines, from)
  elseif from then
    local n = byte(lines[from])
    lines[from] = sub(lines[from], 1, n + 3) .. char(saved and 1 or 0) .. sub(lines[from], n + 5)
  end

elseif op == 'undo' then
  local removals, coupon = parts_of(cart)
  local removed = removals[1]
  if removed and sub(removed, 1, ID) == subject then
    local count = u16(removed, ID + 5)
    local pos = ID + 7 + 2 * count
    for n = 1, count do
      local position, stop = u16(removed, ID + 5 + 2 * n), pos + byte(removed, pos) + 16
      local line = sub(removed, pos, stop - 1)
      local i = index(lines, sub(line, 1, byte(line) + 1), is_saved(line))
      if i then
        lines[i] = with_quantity(lines[i], sum(quantity_of(lines[i]), quantity_of(line)))
      else
        table.insert(lines, min(position, #lines) + 1, line)
      end
      pos = stop
    end
    table.remove(removals, 1)
    set_rest(cart, removals, coupon)
  end

elseif op == 'forget' then
  cart.lines, cart.version, cart.rest = {}, 1, ''

elseif op == 'coupon' then
  local removals = parts_of(cart)
  set_rest(cart, removals, subject)

elseif op == 'buy' then
  local removals, coupon = parts_of(cart)
  if coupon == subject then set_rest(cart, removals, '') end
  local bought, pos = ARGV[5], 1
  while pos <= #bought do
    local stop = pos + byte(bought, pos) + 1
    local i = index(lines, sub(bought, pos, stop - 1), false)
    local left = i and quantity_of(lines[i]) - u16(bought, stop)
    if i and left > 0 then
      lines[i] = with_quantity(lines[i], left)
    elseif i then
      table.remove(lines, i)
    end
    pos = stop + 2
  end
end

cart.revision, cart.ids = min(cart.revision + 1, MAX_U32), cart.ids .. id
cart.changed_at = max(cart.changed_at, u32(at, 1))
return store(write(cart))
