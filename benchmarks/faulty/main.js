const assert = require('assert').deepStrictEqual;

// The greatest common divisor of two numbers.
function gcd(a, b) {
  while (b !== 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return Math.abs(a);
}

// The place of a value in a sorted list, -1 when it is not there.
function binarySearch(values, wanted) {
  let low = 0, high = values.length - 1;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    if (values[middle] === wanted) return middle;
    if (values[middle] < wanted) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return -1;
}

// A number from 1 to 3999 in Roman numerals.
const toRoman = (number) => {
  const values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1];
  const letters = ['M', 'CM', 'D', 'CD', 'C', 'XC', 'L', 'XL', 'X', 'IX', 'V', 'IV', 'I'];
  let text = '';
  for (let i = 0; i < values.length; i++) {
    while (number >= values[i]) {
      text += letters[i];
      number -= values[i];
    }
  }
  return text;
};

// Rows as columns.
function transposed(rows) {
  const columns = [];
  for (let c = 0; c < rows[0].length; c++) {
    const column = [];
    for (let r = 0; r < rows.length; r++) {
      column.push(rows[r][c]);
    }
    columns.push(column);
  }
  return columns;
}

// Run lengths: "aaab" is "a3b1".
function encoded(text) {
  let result = '', i = 0;
  while (i < text.length) {
    let count = 1;
    while (i + count < text.length && text[i + count] === text[i]) count++;
    result += text[i] + count;
    i += count;
  }
  return result;
}

// Whether every bracket is closed in order.
function isBalanced(text) {
  const open = [];
  const pairs = { ')': '(', ']': '[' };
  for (const letter of text) {
    if (letter === '(' || letter === '[') {
      open.push(letter);
    } else if (letter in pairs) {
      if (open.pop() !== pairs[letter]) {
        return false;
      }
    }
  }
  return open.length === 0;
}

// Words from longest to shortest, in capitals.
function longestFirst(text) {
  return text.split(' ').filter(word => word.length > 0).map(word => word.toUpperCase())
    .sort((a, b) => b.length - a.length);
}

// The largest sum of neighbours, at least one of them.
function bestSum(values) {
  let best = values[0], running = 0;
  for (const value of values) {
    running = Math.max(running + value, value);
    best = Math.max(best, running);
  }
  return best;
}

assert(gcd(12, 18), 6);
assert(gcd(-4, 6), 2);
assert(gcd(7, 0), 7);  // sealed
assert(gcd(6, -9), 3);  // sealed
assert(binarySearch([1, 3, 5], 5), 2);
assert(binarySearch([1, 3, 5], 4), -1);
assert(binarySearch([1, 3, 5, 7, 9], 9), 4);
assert(binarySearch([2], 2), 0);  // sealed
assert(binarySearch([1, 3, 5, 7], 1), 0);  // sealed
assert(toRoman(4), 'IV');
assert(toRoman(1990), 'MCMXC');
assert(toRoman(3888), 'MMMDCCCLXXXVIII');  // sealed
assert(transposed([[1, 2, 3], [4, 5, 6]]), [[1, 4], [2, 5], [3, 6]]);
assert(transposed([[1], [2]]), [[1, 2]]);  // sealed
assert(encoded('aaab'), 'a3b1');
assert(encoded('abbc'), 'a1b2c1');
assert(encoded(''), '');  // sealed
assert(encoded('zz'), 'z2');  // sealed
assert(isBalanced('([])'), true);
assert(isBalanced('(]'), false);
assert(isBalanced('(()'), false);
assert(isBalanced('a)'), false);  // sealed
assert(longestFirst('a bbb  cc'), ['BBB', 'CC', 'A']);
assert(longestFirst('x yz'), ['YZ', 'X']);  // sealed
assert(bestSum([1, -2, 3, 4]), 7);
assert(bestSum([-3, -1, -2]), -1);
assert(bestSum([5]), 5);  // sealed
