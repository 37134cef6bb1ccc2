#include "connectors/feature_store/redis/script.h"

namespace millrace::feature_store {

const std::string_view kApplyScript = R"lua(
local at, key = 0, 0
local function argument() at = at + 1; return ARGV[at] end
local function number() return tonumber(argument()) end
local function next_key() key = key + 1; return KEYS[key] end
local function list(count)
  local items = {}
  for i = 1, count do items[i] = argument() end
  return items
end

local partitions, next_offsets = number(), {}
for i = 1, partitions do
  local expected, stored = argument(), redis.call('GET', KEYS[i]) or ''
  next_offsets[i] = argument()
  if stored ~= expected then
    return redis.error_reply('FENCED ' .. KEYS[i] .. ' is at "' .. stored .. '", not at "' .. expected .. '"')
  end
end
key = partitions

local shapes = {}
for i = 1, number() do
  local shape = {kind = argument(), whole = argument() == 'w', time = argument(), place = argument()}
  shape.cleared = list(number())
  shape.all = list(number())
  shapes[i] = shape
end

-- Groups of seven bits; of negative numbers, all ten are there.
local function varint(text, first)
  local last, value = first, 0
  while (string.byte(text, last) or 0) >= 128 do last = last + 1 end
  if last - first == 9 then
    for i = last - 1, first, -1 do value = value * 128 + 127 - (string.byte(text, i) or 0) % 128 end
    return -value - 1, last + 1
  end
  for i = last, first, -1 do value = value * 128 + (string.byte(text, i) or 0) % 128 end
  return value, last + 1
end

local function moment(kind, text)
  if not text then return nil end
  if kind == 'p' then
    local seconds, rest, i = 0, 0, 1
    while i <= #text do
      local tag, value = string.byte(text, i), 0
      value, i = varint(text, i + 1)
      if tag == 8 then seconds = value elseif tag == 16 then rest = value end
    end
    return seconds, rest
  end
  local sign, digits = string.match(text, '^(-?)(%d+)$')
  if not digits then return nil end
  local seconds, rest = tonumber(string.sub(digits, 1, -7)) or 0, tonumber(string.sub(digits, -6))
  if sign == '-' then return -seconds, -rest end
  return seconds, rest
end

local function is_older(seconds, rest, stored_seconds, stored_rest)
  if not stored_seconds then return false end
  if not seconds then return true end
  return seconds < stored_seconds or (seconds == stored_seconds and rest < stored_rest)
end

local rows, done = {}, {}
local foreign = false
for i = 1, number() do
  local row = {shape = shapes[number()], op = argument()}
  row.seconds, row.rest = number(), number()
  row.expiry, row.place, row.offset = argument(), argument(), number()
  local count = number()
  row.first, row.last = at + 1, at + count
  at = at + count
  row.key = next_key()
  row.is_delete = string.sub(row.op, 1, 1) == 'd'
  if string.find(row.op, 'm', 1, true) then row.marker = next_key() end
  local shape, verdict = row.shape, '1'
  local held = redis.call('TYPE', row.key).ok
  if held ~= 'hash' and held ~= 'none' then
    verdict = 'x'
    foreign = true
  else
    local seconds, rest
    if string.find(row.op, 'n', 1, true) then
      if held == 'hash' then seconds, rest = moment(shape.kind, redis.call('HGET', row.key, shape.time)) end
      if not seconds and row.marker then
        local marker = redis.call('GET', row.marker)
        if marker then
          local a, b = string.match(marker, '^(%S+) (%S+)$')
          seconds, rest = tonumber(a), tonumber(b)
        end
      end
      if not (row.is_delete and not row.seconds) and is_older(row.seconds, row.rest, seconds, rest) then
        verdict = '0'
      end
    end
    if row.offset and held == 'hash' then
      local place = redis.call('HGET', row.key, shape.place)
      if place then
        local before, offset = string.match(place, '^(.*):(%d+)$')
        if before == row.place and tonumber(offset) >= row.offset then
          verdict = '1'
          row.is_done = true
        end
      end
    end
    if is_older(row.seconds, row.rest, seconds, rest) then row.seconds, row.rest = seconds, rest end
  end
  rows[i], done[i] = row, verdict
end
if foreign then return table.concat(done) end

local retention = argument()
for i = 1, #rows do
  local row = rows[i]
  local shape = row.shape
  if done[i] == '1' and not row.is_done then
    if row.is_delete then
      if shape.whole then redis.call('DEL', row.key)
      else redis.call('HDEL', row.key, unpack(shape.all)) end
      if row.marker and row.seconds then
        redis.call('SET', row.marker, string.format('%.0f %.0f', row.seconds, row.rest), 'PX', retention)
      end
    else
      if shape.whole then redis.call('DEL', row.key)
      elseif #shape.cleared > 0 then redis.call('HDEL', row.key, unpack(shape.cleared)) end
      if not shape.whole and not row.seconds then redis.call('HDEL', row.key, shape.time) end
      if row.last > row.first then redis.call('HSET', row.key, unpack(ARGV, row.first, row.last)) end
      if row.expiry ~= '' then redis.call('PEXPIREAT', row.key, row.expiry) end
      if row.marker then redis.call('DEL', row.marker) end
    end
  end
end

for i = 1, number() do
  local winner, counter, status, count = number(), number(), argument(), argument()
  if winner > 0 then
    if done[winner] == '0' then status = 'IGNORED'
    elseif rows[winner].is_delete then status = 'DELETED'
    else status = 'UPSERTED' end
  end
  redis.call('HINCRBY', KEYS[key + counter], status, count)
end
for i = 1, partitions do redis.call('SET', KEYS[i], next_offsets[i]) end
return table.concat(done)
)lua";

}  // namespace millrace::feature_store
