"""What each language calls things: families of functions, what may be put around a value, small words."""

from typing import NamedTuple

Families = tuple[tuple[str, ...], ...]
Kind = str
"""What a value is, as far as it can be told: "number", "text", "letter", "truth", "many", or ""."""


class Wrap(NamedTuple):
    """Something that can be put around a value.

    Attributes:
        form: The text with `{}` where the value goes.
        kind: The kind of value it takes.
        prior: See `Edit`.
        hint: The word of `aci.repair.hints` that speaks for it.
    """

    form: str
    kind: Kind
    prior: float
    hint: str = ""


class Language(NamedTuple):
    """What the operators know of one language.

    Attributes:
        families: Functions and methods that are mistaken for each other.
        wraps: What may be put around a value.
        end: What ends a statement.
        equal: The operator of equality.
        empty: How a list without elements is tested, with `{}` for the list.
        brackets: Conditions stand in brackets.
        real: What makes a division one of real numbers, with `{}` for its left side; "" where all are.
    """

    families: Families
    wraps: tuple[Wrap, ...]
    end: str = ";"
    equal: str = "=="
    empty: str = "{}.length === 0"
    brackets: bool = True
    real: str = ""


_C_LETTERS = (("toupper", "tolower"), ("isupper", "islower", "isalpha", "isdigit", "isalnum", "isspace"))
_STREAMS = (("anyMatch", "allMatch", "noneMatch"), ("findFirst", "findAny"))

_JAVASCRIPT = Language(
    families=(
        ("min", "max"), ("floor", "ceil", "round", "trunc"), ("toUpperCase", "toLowerCase"),
        ("push", "unshift"), ("pop", "shift"), ("some", "every"), ("startsWith", "endsWith", "includes"),
        ("indexOf", "lastIndexOf"), ("find", "filter", "findIndex", "map"), ("filter", "some", "every"),
        ("slice", "splice"), ("substring", "substr", "slice"), ("charAt", "charCodeAt"),
        ("parseInt", "parseFloat", "Number"), ("keys", "values", "entries"), ("add", "delete", "has"),
        ("trim", "trimStart", "trimEnd"), ("padStart", "padEnd"), ("sqrt", "cbrt", "abs"),
        ("reduce", "reduceRight"), ("isNaN", "isInteger"), ("push", "concat"), ("replace", "replaceAll"),
        ("map", "flatMap", "forEach"),
    ),
    wraps=(
        Wrap("Math.abs({})", "number", 0.04, "abs"), Wrap("Math.floor({})", "number", 0.03, "floor"),
        Wrap("Math.ceil({})", "number", 0.015, "ceil"), Wrap("Math.round({})", "number", 0.015, "round"),
        Wrap("String({})", "number", 0.015, "str"), Wrap("Number({})", "text", 0.015, "int"),
        Wrap("Math.sqrt({})", "number", 0.006),
        Wrap("{}.toLowerCase()", "text", 0.02, "lower"), Wrap("{}.toUpperCase()", "text", 0.02, "upper"),
        Wrap("{}.trim()", "text", 0.01, "strip"), Wrap("{}.length", "many", 0.01, "len"),
        Wrap("{}.length", "text", 0.01, "len"), Wrap("{}.reverse()", "many", 0.015, "reverse"),
        Wrap("{}.sort()", "many", 0.015, "sorted"), Wrap("[...{}]", "many", 0.005, "copy"),
        Wrap("{}.split('').reverse().join('')", "text", 0.01, "reverse"),
        Wrap("[...new Set({})]", "many", 0.01, "set"),
    ),
    equal="===",
)  # fmt: skip

LANGUAGES: dict[str, Language] = {
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "java": Language(
        families=(
            ("min", "max"), ("floor", "ceil", "round", "rint"), ("toUpperCase", "toLowerCase"),
            ("isUpperCase", "isLowerCase", "isLetter", "isDigit", "isLetterOrDigit", "isWhitespace"),
            ("startsWith", "endsWith", "contains"), ("indexOf", "lastIndexOf"), ("addFirst", "addLast"),
            ("pollFirst", "pollLast"), ("getFirst", "getLast"), ("peekFirst", "peekLast"),
            ("push", "add", "offer"), ("pop", "poll", "peek"), ("containsKey", "containsValue"),
            ("keySet", "values", "entrySet"), ("add", "remove"), ("naturalOrder", "reverseOrder"),
            ("floorMod", "floorDiv"), ("first", "last"), ("getKey", "getValue"), ("append", "prepend"),
            ("sqrt", "cbrt", "abs"), ("get", "getOrDefault"), ("length", "size"), ("equals", "contains"),
            ("sum", "max", "min", "average", "count"), ("floorKey", "ceilingKey"), ("skip", "limit"),
            ("trim", "strip"), ("parseInt", "parseDouble"), ("equals", "equalsIgnoreCase"), *_STREAMS,
        ),
        wraps=(
            Wrap("Math.abs({})", "number", 0.04, "abs"), Wrap("String.valueOf({})", "number", 0.015, "str"),
            Wrap("String.valueOf({})", "letter", 0.015, "str"), Wrap("(int) {}", "number", 0.015, "int"),
            Wrap("Math.floor({})", "number", 0.01, "floor"), Wrap("Math.round({})", "number", 0.01, "round"),
            Wrap("Math.ceil({})", "number", 0.01, "ceil"), Wrap("Math.sqrt({})", "number", 0.006),
            Wrap("{}.toLowerCase()", "text", 0.02, "lower"), Wrap("{}.toUpperCase()", "text", 0.02, "upper"),
            Wrap("{}.trim()", "text", 0.01, "strip"), Wrap("{}.length()", "text", 0.01, "len"),
            Wrap("{}.size()", "many", 0.01, "len"), Wrap("{}.reverse()", "builder", 0.03, "reverse"),
            Wrap("new ArrayList<>({})", "many", 0.008, "copy"),
            Wrap("Character.toLowerCase({})", "letter", 0.02, "lower"),
            Wrap("Character.toUpperCase({})", "letter", 0.02, "upper"),
            Wrap("new StringBuilder({}).reverse().toString()", "text", 0.01, "reverse"),
        ),
        empty="{}.isEmpty()",
        real="(double) {}",
    ),
    "go": Language(
        families=(
            ("Min", "Max"), ("min", "max"), ("Floor", "Ceil", "Round", "Trunc"), ("ToUpper", "ToLower"),
            ("IsUpper", "IsLower", "IsLetter", "IsDigit", "IsSpace"), ("HasPrefix", "HasSuffix", "Contains"),
            ("Index", "LastIndex", "IndexByte"), ("TrimLeft", "TrimRight", "Trim"), ("Ints", "Strings"),
            ("TrimPrefix", "TrimSuffix"), ("Sqrt", "Cbrt", "Abs"), ("MaxInt64", "MinInt64"),
            ("MaxInt", "MinInt"), ("MaxInt32", "MinInt32"), ("len", "cap"), ("Fields", "Split"),
            ("int", "int64", "float64"), ("WriteRune", "WriteByte", "WriteString"), ("Count", "Index"),
            ("Sprint", "Sprintf"), ("Mod", "Remainder"), ("Replace", "ReplaceAll"),
        ),
        wraps=(
            Wrap("math.Abs({})", "number", 0.04, "abs"), Wrap("int({})", "number", 0.015, "int"),
            Wrap("float64({})", "number", 0.015), Wrap("math.Floor({})", "number", 0.01, "floor"),
            Wrap("math.Ceil({})", "number", 0.01, "ceil"), Wrap("math.Round({})", "number", 0.01, "round"),
            Wrap("strconv.Itoa({})", "number", 0.015, "str"), Wrap("string({})", "letter", 0.015, "str"),
            Wrap("strings.ToLower({})", "text", 0.02, "lower"), Wrap("len({})", "text", 0.01, "len"),
            Wrap("strings.ToUpper({})", "text", 0.02, "upper"), Wrap("len({})", "many", 0.01, "len"),
            Wrap("strings.TrimSpace({})", "text", 0.01, "strip"), Wrap("[]rune({})", "text", 0.01),
            Wrap("unicode.ToLower({})", "letter", 0.02, "lower"),
            Wrap("unicode.ToUpper({})", "letter", 0.02, "upper"),
        ),
        end="",
        empty="len({}) == 0",
        brackets=False,
        real="float64({})",
    ),
    "rust": Language(
        families=(
            ("min", "max"), ("floor", "ceil", "round", "trunc"), ("to_uppercase", "to_lowercase"),
            ("to_ascii_uppercase", "to_ascii_lowercase"), ("is_uppercase", "is_lowercase"),
            ("is_ascii_uppercase", "is_ascii_lowercase"), ("is_alphabetic", "is_numeric", "is_alphanumeric"),
            ("is_ascii_digit", "is_ascii_alphabetic"), ("any", "all"),
            ("starts_with", "ends_with", "contains"),
            ("find", "rfind", "position"), ("first", "last"), ("take", "skip"), ("take_while", "skip_while"),
            ("sum", "product", "count", "max", "min"), ("is_some", "is_none"), ("is_ok", "is_err"),
            ("push", "push_str"), ("push_front", "push_back"), ("pop_front", "pop_back"), ("sqrt", "cbrt"),
            ("keys", "values"), ("insert", "remove"), ("trim", "trim_start", "trim_end"), ("filter", "map"),
            ("rem_euclid", "div_euclid"), ("min_by_key", "max_by_key"), ("min_by", "max_by"), ("pow", "powi"),
            ("union", "intersection", "difference"), ("i32", "i64", "u32", "f64"), ("MAX", "MIN"),
        ),
        wraps=(
            Wrap("{}.abs()", "number", 0.04, "abs"), Wrap("{} as usize", "number", 0.01),
            Wrap("{} as i32", "number", 0.01), Wrap("{}.to_string()", "number", 0.015, "str"),
            Wrap("{}.to_string()", "letter", 0.015, "str"), Wrap("{}.floor()", "number", 0.01, "floor"),
            Wrap("{}.round()", "number", 0.01, "round"), Wrap("{}.ceil()", "number", 0.01, "ceil"),
            Wrap("{}.to_lowercase()", "text", 0.02, "lower"), Wrap("{}.len()", "text", 0.01, "len"),
            Wrap("{}.to_uppercase()", "text", 0.02, "upper"), Wrap("{}.len()", "many", 0.01, "len"),
            Wrap("{}.trim()", "text", 0.01, "strip"), Wrap("{}.rev()", "steps", 0.03, "reverse"),
            Wrap("{}.to_ascii_lowercase()", "letter", 0.02, "lower"),
            Wrap("{}.to_ascii_uppercase()", "letter", 0.02, "upper"),
            Wrap("{}.clone()", "many", 0.005, "copy"),
            Wrap("({}).rev()", "range", 0.05, "reverse"),
        ),
        empty="{}.is_empty()",
        brackets=False,
        real="{} as f64",
    ),
}  # fmt: skip
_C = Language(
    families=(
        ("min", "max"), ("floor", "ceil", "round", "trunc"), ("push_back", "push_front"),
        ("pop_back", "pop_front"), ("front", "back"), ("begin", "rbegin"), ("end", "rend"),
        ("min_element", "max_element"), ("find", "rfind"), ("find_first_of", "find_last_of"),
        ("lower_bound", "upper_bound"), ("any_of", "all_of", "none_of"), ("abs", "fabs", "sqrt"),
        ("stoi", "stol", "stod"), ("fmod", "remainder"), ("pow", "sqrt"), ("insert", "erase"),
        ("size", "length"), ("first", "second"), ("fmin", "fmax"), ("INT_MAX", "INT_MIN"), ("top", "front"),
        ("append", "insert"), ("substr", "erase"), ("greater", "less"), ("log", "log2", "log10"),
        ("strcmp", "strncmp"), *_C_LETTERS,
    ),
    wraps=(
        Wrap("abs({})", "number", 0.04, "abs"), Wrap("floor({})", "number", 0.01, "floor"),
        Wrap("ceil({})", "number", 0.01, "ceil"), Wrap("round({})", "number", 0.015, "round"),
        Wrap("(int){}", "number", 0.015, "int"), Wrap("to_string({})", "number", 0.015, "str"),
        Wrap("sqrt({})", "number", 0.006), Wrap("tolower({})", "letter", 0.02, "lower"),
        Wrap("toupper({})", "letter", 0.02, "upper"), Wrap("{}.size()", "many", 0.01, "len"),
        Wrap("{}.length()", "text", 0.01, "len"), Wrap("string(1, {})", "letter", 0.008, "str"),
    ),
    empty="{}.empty()",
    real="(double){}",
)  # fmt: skip
LANGUAGES |= {"c": _C._replace(empty="{} == 0"), "cpp": _C}
