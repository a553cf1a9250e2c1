// The greatest common divisor of two numbers.
fn gcd(first: i32, second: i32) -> i32 {
    let (mut a, mut b) = (first, second);
    while b != 0 {
        let rest = a % b;
        a = b;
        b = rest;
    }
    a.abs()
}

// The place of a value in a sorted list, -1 when it is not there.
fn binary_search(values: &[i32], wanted: i32) -> i32 {
    let mut low: i32 = 0;
    let mut high: i32 = values.len() as i32 - 1;
    while low <= high {
        let middle = (low + high) / 2;
        if values[middle as usize] == wanted {
            return middle;
        }
        if values[middle as usize] < wanted {
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    -1
}

// A number from 1 to 3999 in Roman numerals.
fn to_roman(given: i32) -> String {
    let values = [1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1];
    let letters = ["M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"];
    let mut number = given;
    let mut text = String::new();
    for i in 0..values.len() {
        while number >= values[i] {
            text.push_str(letters[i]);
            number -= values[i];
        }
    }
    text
}

// Rows as columns.
fn transposed(rows: &Vec<Vec<i32>>) -> Vec<Vec<i32>> {
    let mut columns = Vec::new();
    for c in 0..rows[0].len() {
        let mut column = Vec::new();
        for r in 0..rows.len() {
            column.push(rows[r][c]);
        }
        columns.push(column);
    }
    columns
}

// Run lengths: "aaab" is "a3b1".
fn encoded(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut result = String::new();
    let mut i = 0;
    while i < letters.len() {
        let mut count = 1;
        while i + count < letters.len() && letters[i + count] == letters[i] {
            count += 1;
        }
        result.push(letters[i]);
        result.push_str(&count.to_string());
        i += count;
    }
    result
}

// Whether every bracket is closed in order.
fn is_balanced(text: &str) -> bool {
    let mut open: Vec<char> = Vec::new();
    for letter in text.chars() {
        if letter == '(' || letter == '[' {
            open.push(letter);
        } else if letter == ')' || letter == ']' {
            let other = if letter == ')' { '(' } else { '[' };
            if open.pop() != Some(other) {
                return false;
            }
        }
    }
    open.is_empty()
}

// Words from longest to shortest, in capitals.
fn longest_first(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(|word| word.to_uppercase()).collect();
    words.sort_by(|a, b| b.len().cmp(&a.len()));
    words
}

// The largest sum of neighbours, at least one of them.
fn best_sum(values: &[i32]) -> i32 {
    let mut best = values[0];
    let mut running = 0;
    for &value in values {
        running = (running + value).max(value);
        best = best.max(running);
    }
    best
}

fn main() {
    assert_eq!(gcd(12, 18), 6);
    assert_eq!(gcd(-4, 6), 2);
    assert_eq!(gcd(7, 0), 7); // sealed
    assert_eq!(gcd(6, -9), 3); // sealed
    assert_eq!(binary_search(&[1, 3, 5], 5), 2);
    assert_eq!(binary_search(&[1, 3, 5], 4), -1);
    assert_eq!(binary_search(&[1, 3, 5, 7, 9], 9), 4);
    assert_eq!(binary_search(&[2], 2), 0); // sealed
    assert_eq!(binary_search(&[1, 3, 5, 7], 1), 0); // sealed
    assert_eq!(to_roman(4), "IV");
    assert_eq!(to_roman(1990), "MCMXC");
    assert_eq!(to_roman(3888), "MMMDCCCLXXXVIII"); // sealed
    assert_eq!(transposed(&vec![vec![1, 2, 3], vec![4, 5, 6]]), vec![vec![1, 4], vec![2, 5], vec![3, 6]]);
    assert_eq!(transposed(&vec![vec![1], vec![2]]), vec![vec![1, 2]]); // sealed
    assert_eq!(encoded("aaab"), "a3b1");
    assert_eq!(encoded("abbc"), "a1b2c1");
    assert_eq!(encoded(""), ""); // sealed
    assert_eq!(encoded("zz"), "z2"); // sealed
    assert_eq!(is_balanced("([])"), true);
    assert_eq!(is_balanced("(]"), false);
    assert_eq!(is_balanced("(()"), false);
    assert_eq!(is_balanced("a)"), false); // sealed
    assert_eq!(longest_first("a bbb  cc"), ["BBB", "CC", "A"]);
    assert_eq!(longest_first("x yz"), ["YZ", "X"]); // sealed
    assert_eq!(best_sum(&[1, -2, 3, 4]), 7);
    assert_eq!(best_sum(&[-3, -1, -2]), -1);
    assert_eq!(best_sum(&[5]), 5); // sealed
}
