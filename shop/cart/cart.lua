-- The server's side of a cart: model.apply and model.join on the bytes of codec.py, atomic and in one trip.
--
-- KEYS[1]  the cart
-- ARGV     1 op | 2 change id | 3 at (4 bytes) | 4 pieces that the line of this change may have
--          5 sku, id of the change to undo, or a whole cart (put) | 6 quantity | 7 price (8 bytes)
--          8 ttl, seconds | 9 pieces of a line at most | 10 lines at most
-- returns  the cart's bytes ('' where there is none); or a number for a refusal:
--          n > 0: more than n pieces of a line, n < 0: more than -n lines

local byte, char, sub, find, floor = string.byte, string.char, string.sub, string.find, math.floor
local ID, REMEMBERED, HEAD = 8, 256, 13

local function u16(s, at)
  local a, b = byte(s, at, at + 1)
  return a * 256 + b
end

local function u32(s, at)
  return u16(s, at) * 65536 + u16(s, at + 2)
end

local function b16(n)
  return char(floor(n / 256), n % 256)
end

local function b32(n)
  return b16(floor(n / 65536)) .. b16(n % 65536)
end

local function read_line(s, at)
  local stop = at + byte(s, at)
  local line = {sku = sub(s, at + 1, stop), quantity = u16(s, stop + 1), saved = byte(s, stop + 3) == 1,
                price = sub(s, stop + 4, stop + 11), at = sub(s, stop + 12, stop + 15)}
  line.raw = sub(s, at, stop + 15)
  return line, stop + 16
end

local function write_line(line)
  if not line.raw then
    line.raw = char(#line.sku) .. line.sku .. b16(line.quantity) .. char(line.saved and 1 or 0)
      .. line.price .. line.at
  end
  return line.raw
end

local function read(s)
  local cart = {revision = 0, changed_at = 0, ids = '', lines = {}, removed = ''}
  if not s then return cart end
  cart.revision, cart.changed_at = u32(s, 2), u32(s, 6)
  local at = HEAD + 1 + u16(s, 10) * ID
  cart.ids = sub(s, HEAD + 1, at - 1)
  for i = 1, u16(s, 12) do
    cart.lines[i], at = read_line(s, at)
  end
  cart.removed = sub(s, at)
  return cart
end

local function write(cart)
  cart.ids = sub(cart.ids, -REMEMBERED * ID)
  local parts = {char(1), b32(cart.revision), b32(cart.changed_at), b16(#cart.ids / ID), b16(#cart.lines), cart.ids}
  for _, line in ipairs(cart.lines) do
    parts[#parts + 1] = write_line(line)
  end
  parts[#parts + 1] = cart.removed
  return table.concat(parts)
end

local function knows(cart, id)
  local at = find(cart.ids, id, 1, true)
  while at and (at - 1) % ID ~= 0 do
    at = find(cart.ids, id, at + 1, true)
  end
  return at ~= nil
end

local function index(lines, sku, saved)
  for i, line in ipairs(lines) do
    if line.sku == sku and line.saved == saved then return i end
  end
end

local function with_quantity(line, quantity)
  line.quantity, line.raw = quantity, nil
end

local stored = redis.call('GET', KEYS[1])
local cart = read(stored)
local op, id, at, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local sku, quantity, price = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local ttl, max_quantity, max_lines = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])

local function store(bytes)
  redis.call('SET', KEYS[1], bytes, 'EX', ttl)
  return bytes
end

local function take_out(goes)
  local stays, gone = {}, {}
  for i, line in ipairs(cart.lines) do
    if goes(line) then
      gone[#gone + 1] = b16(i - 1) .. write_line(line)
    else
      stays[#stays + 1] = line
    end
  end
  if #gone > 0 then
    cart.lines, cart.removed = stays, id .. at .. table.concat(gone)
  end
end

local function join_pieces(line, more)
  with_quantity(line, math.min(line.quantity + more.quantity, max_quantity))
end

local function move(saved)
  local from, to = index(cart.lines, sku, not saved), index(cart.lines, sku, saved)
  if not from then return end
  local line = cart.lines[from]
  if to then
    join_pieces(cart.lines[to], line)
    table.remove(cart.lines, from)
  else
    line.saved, line.raw = saved, nil
  end
end

local ops = {}

function ops.add()
  local i = index(cart.lines, sku, false)
  local line = i and cart.lines[i]
  local total = quantity + (line and line.quantity or 0)
  if total > most then return most end
  if line then
    line.price = price
    with_quantity(line, total)
  elseif #cart.lines >= max_lines then
    return -max_lines
  else
    cart.lines[#cart.lines + 1] = {sku = sku, quantity = total, saved = false, price = price, at = at}
  end
end

function ops.set()
  if quantity > most then return most end
  local i = index(cart.lines, sku, false)
  if i then with_quantity(cart.lines[i], quantity) end
end

function ops.remove()
  take_out(function(line) return line.sku == sku and not line.saved end)
end

function ops.remove_saved()
  take_out(function(line) return line.sku == sku and line.saved end)
end

function ops.clear()
  take_out(function(line) return not line.saved end)
end

function ops.save() move(true) end

function ops.move() move(false) end

function ops.undo()
  local removed = cart.removed
  if sub(removed, 1, ID) ~= sku then return end
  local pos = ID + 5
  while pos <= #removed do
    local where = u16(removed, pos)
    local line
    line, pos = read_line(removed, pos + 2)
    local i = index(cart.lines, line.sku, line.saved)
    if i then
      join_pieces(cart.lines[i], line)
    elseif #cart.lines < max_lines then
      table.insert(cart.lines, math.min(where, #cart.lines) + 1, line)
    end
  end
  cart.removed = ''
end

local function grew_from(newer, older)
  if older.revision == 0 or newer.revision >= older.revision + REMEMBERED then return true end
  return knows(newer, sub(older.ids, -ID))
end

local function join(theirs, ours)
  local apart, fresh = true, {}
  for i = 1, #theirs.ids, ID do
    local change = sub(theirs.ids, i, i + ID - 1)
    if knows(ours, change) then apart = false else fresh[#fresh + 1] = change end
  end
  for _, line in ipairs(theirs.lines) do
    local i = index(ours.lines, line.sku, line.saved)
    if i then
      local pieces = ours.lines[i].quantity
      local joined = apart and pieces + line.quantity or math.max(pieces, line.quantity)
      with_quantity(line, math.min(joined, max_quantity))
      ours.lines[i] = line
    elseif #ours.lines < max_lines then
      ours.lines[#ours.lines + 1] = line
    end
  end
  return write({revision = math.max(theirs.revision, ours.revision) + 1,
                changed_at = math.max(theirs.changed_at, ours.changed_at),
                ids = ours.ids .. table.concat(fresh), lines = ours.lines, removed = theirs.removed})
end

if op == 'put' then
  local given = read(sku)
  if grew_from(cart, given) then return stored or '' end
  if grew_from(given, cart) then return store(sku) end
  return store(join(cart, given))
end

if knows(cart, id) or (cart.revision == 0 and op ~= 'add') then return stored or '' end
local refusal = ops[op]()
if refusal then return refusal end
cart.revision, cart.ids = cart.revision + 1, cart.ids .. id
cart.changed_at = math.max(cart.changed_at, u32(at, 1))
return store(write(cart))
