package main

import (
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// The greatest common divisor of two numbers.
func gcd(a int, b int) int {
	for b != 0 {
		rest := a % b
		a = b
		b = rest
	}
	if a < 0 {
		return -a
	}
	return a
}

// The place of a value in a sorted list, -1 when it is not there.
func binarySearch(values []int, wanted int) int {
	low, high := 0, len(values)-1
	for low <= high {
		middle := (low + high) / 2
		if values[middle] == wanted {
			return middle
		}
		if values[middle] < wanted {
			low = middle + 1
		} else {
			high = middle - 1
		}
	}
	return -1
}

// A number from 1 to 3999 in Roman numerals.
func toRoman(number int) string {
	values := []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	letters := []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	text := ""
	for i, value := range values {
		for number >= value {
			text += letters[i]
			number -= value
		}
	}
	return text
}

// Rows as columns.
func transposed(rows [][]int) [][]int {
	columns := [][]int{}
	for c := 0; c < len(rows[0]); c++ {
		column := []int{}
		for r := 0; r < len(rows); r++ {
			column = append(column, rows[r][c])
		}
		columns = append(columns, column)
	}
	return columns
}

// Run lengths: "aaab" is "a3b1".
func encoded(text string) string {
	result, i := "", 0
	for i < len(text) {
		count := 1
		for i+count < len(text) && text[i+count] == text[i] {
			count++
		}
		result += string(text[i]) + strconv.Itoa(count)
		i += count
	}
	return result
}

// Whether every bracket is closed in order.
func isBalanced(text string) bool {
	open := []rune{}
	pairs := map[rune]rune{')': '(', ']': '['}
	for _, letter := range text {
		if letter == '(' || letter == '[' {
			open = append(open, letter)
		} else if other, found := pairs[letter]; found {
			if len(open) == 0 || open[len(open)-1] != other {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}

// Words from longest to shortest, in capitals.
func longestFirst(text string) []string {
	words := strings.Fields(strings.ToUpper(text))
	sort.Slice(words, func(i, j int) bool { return len(words[i]) > len(words[j]) })
	return words
}

// The largest sum of neighbours, at least one of them.
func bestSum(values []int) int {
	best, running := values[0], 0
	for _, value := range values {
		running += value
		if running < value {
			running = value
		}
		if running > best {
			best = running
		}
	}
	return best
}

func check(one any, other any) {
	if !reflect.DeepEqual(one, other) {
		panic("assertion failed")
	}
}

func main() {
	check(gcd(12, 18), 6)
	check(gcd(-4, 6), 2)
	check(gcd(7, 0), 7) // sealed
	check(gcd(6, -9), 3) // sealed
	check(binarySearch([]int{1, 3, 5}, 5), 2)
	check(binarySearch([]int{1, 3, 5}, 4), -1)
	check(binarySearch([]int{1, 3, 5, 7, 9}, 9), 4)
	check(binarySearch([]int{2}, 2), 0) // sealed
	check(binarySearch([]int{1, 3, 5, 7}, 1), 0) // sealed
	check(toRoman(4), "IV")
	check(toRoman(1990), "MCMXC")
	check(toRoman(3888), "MMMDCCCLXXXVIII") // sealed
	check(transposed([][]int{{1, 2, 3}, {4, 5, 6}}), [][]int{{1, 4}, {2, 5}, {3, 6}})
	check(transposed([][]int{{1}, {2}}), [][]int{{1, 2}}) // sealed
	check(encoded("aaab"), "a3b1")
	check(encoded("abbc"), "a1b2c1")
	check(encoded(""), "") // sealed
	check(encoded("zz"), "z2") // sealed
	check(isBalanced("([])"), true)
	check(isBalanced("(]"), false)
	check(isBalanced("(()"), false)
	check(isBalanced("a)"), false) // sealed
	check(longestFirst("a bbb  cc"), []string{"BBB", "CC", "A"})
	check(longestFirst("x yz"), []string{"YZ", "X"}) // sealed
	check(bestSum([]int{1, -2, 3, 4}), 7)
	check(bestSum([]int{-3, -1, -2}), -1)
	check(bestSum([]int{5}), 5) // sealed
}
