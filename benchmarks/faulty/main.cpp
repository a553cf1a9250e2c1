#undef NDEBUG
#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>
using namespace std;

// The greatest common divisor of two numbers.
int gcd_of(int a, int b) {
    while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return abs(a);
}

// The place of a value in a sorted list, -1 when it is not there.
int find_sorted(vector<int> values, int wanted) {
    int low = 0, high = (int)values.size() - 1;
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
string to_roman(int number) {
    vector<int> values = {1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1};
    vector<string> letters = {"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"};
    string text = "";
    for (size_t i = 0; i < values.size(); i++) {
        while (number >= values[i]) {
            text += letters[i];
            number -= values[i];
        }
    }
    return text;
}

// Rows as columns.
vector<vector<int>> transposed(vector<vector<int>> rows) {
    vector<vector<int>> columns;
    for (size_t c = 0; c < rows[0].size(); c++) {
        vector<int> column;
        for (size_t r = 0; r < rows.size(); r++) {
            column.push_back(rows[r][c]);
        }
        columns.push_back(column);
    }
    return columns;
}

// Run lengths: "aaab" is "a3b1".
string encoded(string text) {
    string result = "";
    size_t i = 0;
    while (i < text.length()) {
        int count = 1;
        while (i + count < text.length() && text[i + count] == text[i]) count++;
        result += text[i] + to_string(count);
        i += count;
    }
    return result;
}

// Whether every bracket is closed in order.
bool is_balanced(string text) {
    vector<char> open;
    for (char letter : text) {
        if (letter == '(' || letter == '[') {
            open.push_back(letter);
        } else if (letter == ')' || letter == ']') {
            char other = letter == ')' ? '(' : '[';
            if (open.empty() || open.back() != other) {
                return false;
            }
            open.pop_back();
        }
    }
    return open.empty();
}

// Words from longest to shortest, in capitals.
vector<string> longest_first(string text) {
    vector<string> words;
    stringstream stream(text);
    string word;
    while (stream >> word) {
        for (char &letter : word) letter = toupper(letter);
        words.push_back(word);
    }
    sort(words.begin(), words.end(), [](string a, string b) { return a.size() > b.size(); });
    return words;
}

// The largest sum of neighbours, at least one of them.
int best_sum(vector<int> values) {
    int best = values[0], running = 0;
    for (int value : values) {
        running = max(running + value, value);
        best = max(best, running);
    }
    return best;
}

int main() {
    assert(gcd_of(12, 18) == 6);
    assert(gcd_of(-4, 6) == 2);
    assert(gcd_of(7, 0) == 7);  // sealed
    assert(gcd_of(6, -9) == 3);  // sealed
    assert(find_sorted({1, 3, 5}, 5) == 2);
    assert(find_sorted({1, 3, 5}, 4) == -1);
    assert(find_sorted({1, 3, 5, 7, 9}, 9) == 4);
    assert(find_sorted({2}, 2) == 0);  // sealed
    assert(find_sorted({1, 3, 5, 7}, 1) == 0);  // sealed
    assert(to_roman(4) == "IV");
    assert(to_roman(1990) == "MCMXC");
    assert(to_roman(3888) == "MMMDCCCLXXXVIII");  // sealed
    assert((transposed({{1, 2, 3}, {4, 5, 6}}) == vector<vector<int>>{{1, 4}, {2, 5}, {3, 6}}));
    assert((transposed({{1}, {2}}) == vector<vector<int>>{{1, 2}}));  // sealed
    assert(encoded("aaab") == "a3b1");
    assert(encoded("abbc") == "a1b2c1");
    assert(encoded("") == "");  // sealed
    assert(encoded("zz") == "z2");  // sealed
    assert(is_balanced("([])"));
    assert(!is_balanced("(]"));
    assert(!is_balanced("(()"));
    assert(!is_balanced("a)"));  // sealed
    assert((longest_first("a bbb  cc") == vector<string>{"BBB", "CC", "A"}));
    assert((longest_first("x yz") == vector<string>{"YZ", "X"}));  // sealed
    assert(best_sum({1, -2, 3, 4}) == 7);
    assert(best_sum({-3, -1, -2}) == -1);
    assert(best_sum({5}) == 5);  // sealed
}
