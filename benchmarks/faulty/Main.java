import java.util.*;

class Solution {
    // The greatest common divisor of two numbers.
    static int gcd(int a, int b) {
        while (b != 0) {
            int rest = a % b;
            a = b;
            b = rest;
        }
        return Math.abs(a);
    }

    // The place of a value in a sorted list, -1 when it is not there.
    static int binarySearch(int[] values, int wanted) {
        int low = 0, high = values.length - 1;
        while (low <= high) {
            int middle = (low + high) / 2;
            if (values[middle] == wanted) return middle;
            if (values[middle] < wanted) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    // A number from 1 to 3999 in Roman numerals.
    static String toRoman(int number) {
        int[] values = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};
        String[] letters = {"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"};
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < values.length; i++) {
            while (number >= values[i]) {
                text.append(letters[i]);
                number -= values[i];
            }
        }
        return text.toString();
    }

    // Rows as columns.
    static List<List<Integer>> transposed(List<List<Integer>> rows) {
        List<List<Integer>> columns = new ArrayList<>();
        for (int c = 0; c < rows.get(0).size(); c++) {
            List<Integer> column = new ArrayList<>();
            for (int r = 0; r < rows.size(); r++) {
                column.add(rows.get(r).get(c));
            }
            columns.add(column);
        }
        return columns;
    }

    // Run lengths: "aaab" is "a3b1".
    static String encoded(String text) {
        String result = "";
        int i = 0;
        while (i < text.length()) {
            int count = 1;
            while (i + count < text.length() && text.charAt(i + count) == text.charAt(i)) count++;
            result += text.charAt(i) + String.valueOf(count);
            i += count;
        }
        return result;
    }

    // Whether every bracket is closed in order.
    static boolean isBalanced(String text) {
        Deque<Character> open = new ArrayDeque<>();
        for (char letter : text.toCharArray()) {
            if (letter == '(' || letter == '[') {
                open.push(letter);
            } else if (letter == ')' || letter == ']') {
                char other = letter == ')' ? '(' : '[';
                if (open.isEmpty() || open.pop() != other) {
                    return false;
                }
            }
        }
        return open.isEmpty();
    }

    // Words from longest to shortest, in capitals.
    static List<String> longestFirst(String text) {
        List<String> words = new ArrayList<>();
        for (String word : text.split(" ")) {
            if (word.length() > 0) {
                words.add(word.toUpperCase());
            }
        }
        words.sort((a, b) -> b.length() - a.length());
        return words;
    }

    // The largest sum of neighbours, at least one of them.
    static int bestSum(int[] values) {
        int best = values[0], running = 0;
        for (int value : values) {
            running = Math.max(running + value, value);
            best = Math.max(best, running);
        }
        return best;
    }
}

public class Main {
    static void check(Object one, Object other) {
        if (!one.equals(other)) throw new AssertionError();
    }

    public static void main(String[] args) {
        check(Solution.gcd(12, 18), 6);
        check(Solution.gcd(-4, 6), 2);
        check(Solution.gcd(7, 0), 7);  // sealed
        check(Solution.gcd(6, -9), 3);  // sealed
        check(Solution.binarySearch(new int[]{1, 3, 5}, 5), 2);
        check(Solution.binarySearch(new int[]{1, 3, 5}, 4), -1);
        check(Solution.binarySearch(new int[]{1, 3, 5, 7, 9}, 9), 4);
        check(Solution.binarySearch(new int[]{2}, 2), 0);  // sealed
        check(Solution.binarySearch(new int[]{1, 3, 5, 7}, 1), 0);  // sealed
        check(Solution.toRoman(4), "IV");
        check(Solution.toRoman(1990), "MCMXC");
        check(Solution.toRoman(3888), "MMMDCCCLXXXVIII");  // sealed
        check(Solution.transposed(List.of(List.of(1, 2, 3), List.of(4, 5, 6))), List.of(List.of(1, 4), List.of(2, 5), List.of(3, 6)));
        check(Solution.transposed(List.of(List.of(1), List.of(2))), List.of(List.of(1, 2)));  // sealed
        check(Solution.encoded("aaab"), "a3b1");
        check(Solution.encoded("abbc"), "a1b2c1");
        check(Solution.encoded(""), "");  // sealed
        check(Solution.encoded("zz"), "z2");  // sealed
        check(Solution.isBalanced("([])"), true);
        check(Solution.isBalanced("(]"), false);
        check(Solution.isBalanced("(()"), false);
        check(Solution.isBalanced("a)"), false);  // sealed
        check(Solution.longestFirst("a bbb  cc"), List.of("BBB", "CC", "A"));
        check(Solution.longestFirst("x yz"), List.of("YZ", "X"));  // sealed
        check(Solution.bestSum(new int[]{1, -2, 3, 4}), 7);
        check(Solution.bestSum(new int[]{-3, -1, -2}), -1);
        check(Solution.bestSum(new int[]{5}), 5);  // sealed
    }
}
