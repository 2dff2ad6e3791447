"""The mistakes of any network: what proves each and a hint, the most telling first.

A homework adds its own in its room, and says there in its own words what is said here in general.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .score import Diagnosis

Texts = Mapping[str, tuple[str, str]]  # code -> (message, hint); {…} are filled in

# Why there is nothing to judge.
FAILURES: dict[str, tuple[str, str]] = {
    "missing": (
        "找不到函式 `{function}`。",
        "函式名稱要和題目一樣（大小寫也是），而且定義它的那一格要先執行。",
    ),
    "malformed": (
        "讀不懂這份答案（{problem}），所以無法給分。",
        "請重新啟動 kernel，由上到下再執行一次。",
    ),
    "unfinished": (
        "尚未完成：{where}還等著你寫。",
        "把 `raise NotImplementedError(...)` 換成你的程式，執行那一格，再執行這個檢查。",
    ),
    "placeholder": (
        "{where}還留著待填的位置：{error}",
        "把題目留給你填的地方換成真正的數字或名稱；每個位置該填什麼，可以查前面的設定表。",
    ),
    "not_called": (
        "{where}只有 `{name}` 本身，沒有把張量交給它，所以後面接到的不是它的輸出。",
        "層、模型與函式都要呼叫才有輸出：在它後面加上一對括號，放進要接的張量，例如 "
        "`x = layers.Conv2D(...)(x)`、`x = block(x)`。",
    ),
    "tensor_as_setting": (
        "{where}把張量放進了 `{name}` 的第一對括號，那裡只放這一層的設定。",
        "層有兩對括號：第一對放設定（沒有設定就空著），第二對才放張量，例如 `layers.ReLU()(x)`。",
    ),
    "no_return": (
        "{function} 沒有把結果傳回來：{where}開始的函式，交出來的是 `None`。",
        "函式做完之後，每一條路都要 `return` 最後的張量；`print(...)`、`summary()` 只是印出來，"
        "傳回的是 `None`。",
    ),
    "no_default": (
        "{where}的引數 {name} 沒有預設值，所以不寫它就呼叫不了這個函式。",
        "保留題目給的第一行，也就是 `def` 那一行：引數後面的等號與預設值都要在。",
    ),
    "comma": (
        "{where}多了一個逗號，所以那是一組東西（tuple），不是一個張量或模型。",
        "刪掉那個逗號，一次只給一個；要連接兩個張量，用 Keras 的層。",
    ),
    "endless": (
        "{where}在函式裡又呼叫了同一個函式，這樣停不下來。",
        "函式裡面不要再呼叫它自己。是不是名字打錯了，這裡應該接的是另一個函式或一個層？",
    ),
    "returns_none": (
        "`{call}` 傳回 `None`：函式做完了，卻沒有把結果交出來。",
        "函式的最後要用 `return` 交出結果：存進變數還不算傳回，`print(...)` 與 `summary()` "
        "只是印出來，傳回的也是 `None`。",
    ),
    "returns_model": (
        "`{call}` 傳回的是 {returned}，不是張量 (tensor)。你建的層可能都對，只是這裡要的是"
        "「拿一個輸入張量，傳回輸出張量」的函式。",
        "每一層像函式一樣接在前一個張量後面，例如 `x = layers.Conv2D(...)(x)`，最後只傳回 `x`："
        "不包成 `Sequential` 或 `Model`，也不多一個逗號或方括號。",
    ),
    "not_a_model": (
        "`{call}` 傳回的是 {returned}，不是 `keras.Model`。",
        "最後傳回的要是 `keras.Model(輸入, 輸出)` 建好的那一個模型，"
        "不是類別、張量，也不是好幾個東西。",
    ),
    "unreadable": (
        "`{call}` 傳回的模型沒有可以讀的層與連接：{error}",
        "請用 functional API：從 `keras.Input` 出發，一層一層接下去，最後交給 `keras.Model`。"
        "繼承 `keras.Model` 的類別也可以，只要它的 `call` 吃得下 `keras.Input`：不把張量換成數值，"
        "也不看數值決定走哪一條路。",
    ),
    "duplicate_names": (
        "兩個層用了同一個名字，模型建不起來：{error}",
        "每一層的 `name` 必須不同。複製貼上之後，檢查名字是不是都改了。",
    ),
    "untied": (
        "輸出沒有接到輸入上，模型建不起來：{error}",
        "交給 `keras.Model` 的輸入，必須就是第一層所接的那一個張量；`Input` 只建一次，一路接到底。",
    ),
    "no_f_string": (
        "名字裡的大括號沒有換成數字，所以每一層都叫同一個名字：{error}",
        '字串的引號前面要有 `f`，大括號裡的變數才會換成它的值，例如 `name=f"conv{i}"`。',
    ),
    "fullwidth": (
        "{where}有全形的英文字或數字：{error}",
        "把輸入法切成英文（半形），再把引號裡的字重打一次；全形的字看起來很像，對程式卻是另一個字。",
    ),
    "unknown_activation": (
        "{where}用了不存在的活化函數名稱：{error}",
        "`activation=` 要的是加引號的名稱（全部小寫，前後沒有空白），或函式本身，"
        "不是呼叫它的結果；逐字對照 Keras 文件的拼法。",
    ),
    "unknown_padding": (
        "{where}的填充 (padding) 不是 Keras 認得的：{error}",
        "`padding`（`Conv2D` 的第四個位置）是加引號的文字，只有兩種：補 0 讓高和寬不變的，"
        "和完全不補的；看看前面的表怎麼寫。",
    ),
    "unlike_shapes": (
        "{where}把權重交給形狀不同的層：{error}",
        "把兩邊的形狀印出來比：是不是同一層、同一種層，前面接的又是不是一樣？",
    ),
    "unlike_branches": (
        "{where}要合在一起的張量形狀不同：{error}",
        "兩條路的高、寬與通道數都要一樣才能相加：其中一條改變了形狀，另一條要怎麼跟上？",
    ),
    "open_shape": (
        "{where}要先知道輸入有多大，輸入的形狀裡卻有 `None`：{error}",
        "`keras.Input` 的形狀用引數 `input_shape`，不要寫 `None`：攤平之後有多長，"
        "由高、寬與通道數決定。",
    ),
    "rank": (
        "{where}拿到的張量維度不對：{error}",
        "卷積與池化要的是（批次, 高, 寬, 通道）四個維度。`Flatten` 或 global pooling 之後只剩兩個，"
        "所以它們後面只能接全連接層；也看看是否不小心取了其中一部分（`x[0]`）。",
    ),
    "no_tensor": (
        "{where}拿到的不是一個張量：{error}",
        "層要接的是上一層的輸出。括號裡的名字存的是什麼：`None`、數字、整個模型，還是因為多了一個逗號或"
        "方括號而成了一組東西？引數的順序對嗎？",
    ),
    "tensorflow_function": (
        "{where}把 TensorFlow 或別的後端的函式用在 Keras 的張量上：{error}",
        "搭模型時用 Keras 的層（例如 `layers.ReLU()(x)`、`layers.Reshape(...)(x)`）"
        "或 `keras.ops` 裡同名的函式，不用 `tf.`、`torch.`、`jax.` 開頭的。",
    ),
    "truth": (
        "{where}把張量當成條件：{error}",
        "問「有沒有給」張量，要寫 `is None` 或 `is not None`。搭模型時張量還沒有數值，"
        "不能問它是真是假、是大是小。",
    ),
    "symbolic": (
        "{where}把張量當成有數值的陣列：{error}",
        "搭模型時的張量只有形狀，還沒有數值：不能用 NumPy、`len()`、`for`，也沒有陣列的方法。"
        "要改變它，接一個 Keras 的層；要知道大小，看 `x.shape`。",
    ),
    "unbound": (
        "{where}用到一個還沒有值的變數：{error}",
        "函式裡有一行給它值，但這一次還沒有執行到：可能在更下面，也可能只在某個 `if` 裡。"
        "每一條路都要先給它值。",
    ),
    "undefined_name": (
        "{where}用到還沒有定義的名稱：{error}",
        "檢查拼字，以及定義它的那一格或 `import` 是否已經執行過。層的名稱前面要有 `layers.`；"
        "要的若是一段文字，兩邊要有引號。",
    ),
    "no_module": (
        "{where}要用的套件這裡沒有：{error}",
        "批改的電腦上只有課程的套件。題目用不到它，把這一行移到函式外面，或刪掉。",
    ),
    "no_file": (
        "{where}要讀的檔案這裡沒有：{error}",
        "題目只要搭網路，不需要權重檔或其他檔案；批改的電腦上沒有你的檔案，也沒有網路。",
    ),
    "no_attribute": (
        "{where}要的東西不存在：{error}",
        "對照文件的拼法，大小寫也要一樣（`layers.Conv2D` 的 `D` 是大寫）；"
        "點的左邊也要是你以為的東西。",
    ),
    "not_callable": (
        "{where}在不能呼叫的東西後面加了括號：{error}",
        "看看括號的左邊是什麼：數字、文字、張量和 `layers` 本身都不能呼叫，函式和層才可以。"
        "是不是少了一個逗號，或是同一個名字後來存了別的東西？",
    ),
    "wrong_keyword": (
        "{where}給的引數和被呼叫的函式對不上：{error}",
        "對照文件裡的引數名稱，數數看有沒有少給或多給。舊版 Keras 的名稱改了：`border_mode` 是 "
        "`padding`，`nb_filter` 是 `filters`，`output_dim` 是 `units`，"
        "`init` 是 `kernel_initializer`，`Model` 的 `input`、`output` 是 `inputs`、`outputs`，"
        "而且兩個都要給。",
    ),
    "bad_argument": (
        "{where}有一個引數的值不能用：{error}",
        "沒有寫名稱的引數照順序認：`Conv2D` 依序是 filters、kernel_size、strides、padding，"
        "`Dense` 是 units、activation。看看順序對不對，數字有沒有誤加引號、是不是大於 0 的整數；"
        "形狀是一組數字，要有自己的括號。",
    ),
    "shrunk": (
        "特徵圖在半路就縮到沒有了，{where}停下來：{error}",
        "看看是哪一層的步長、填充或池化讓特徵圖縮得比題目快。",
    ),
    "not_stored": (
        "{where}算出來的結果沒有人用，所以它不在模型裡。",
        "呼叫不會改變 `x`：結果要用 `x = ...` 存回去（而且存進下一行會用的那個名字），"
        "後面的層才接得到。",
    ),
    "exception": (
        "執行 `{call}` 時，{where}發生錯誤 {error}",
        "先單獨執行這一行，看看它拿到的東西是不是你以為的樣子；錯誤訊息的最後一行最重要。",
    ),
}

# What is wrong with a model.
SHARED: dict[str, tuple[str, str]] = {
    "missing_pool": (
        "少了 {layers}：最後的特徵圖是 {shape}。",
        "參數總數看不出這個錯（池化層沒有參數），要看 `summary()` 的輸出形狀。",
    ),
    "missing_conv": (
        "少了卷積層 {layers}。",
        "和題目的表一層一層對，看看缺的是哪一個。",
    ),
    "missing_flatten": (
        "少了 {layers}{instead}。",
        "特徵圖要先變成向量，才能交給全連接層；題目用的是哪一種做法？",
    ),
    "missing_dense": (
        "少了全連接層 {layers}：只有 {found} 個 `Dense`。",
        "對照題目的表，數數看全連接層有幾個。",
    ),
    "extra_layer": (
        "多了題目沒有的層：{layers}。",
        "只留題目裡有的層；看看是不是多接了一次，或放錯了地方。",
    ),
    "wiring": (
        "{layers}接的是 {found}，應該接 {right}。",
        "把資料流過的路畫出來：這一層（或這個相加、串接）該接哪幾個張量？",
    ),
    "missing_layer": (
        "少了 {layers}。",
        "和題目的圖一層一層對，看看缺的是哪一個、在誰的後面。",
    ),
    "shared_layer": (
        "{layers}是同一個層用了兩次：兩處共用同一組權重，模型的參數因此變少。",
        "每一個卷積都要建一個新的層；層存進變數後重複呼叫，用的是同一組權重。",
    ),
    "filters": (
        "{layers}的 filters 是 {value}（輸出 {shape}、{params:,} 個參數），和題目不同。",
        "對照題目的表，這一層的通道數是多少？",
    ),
    "kernel_size": (
        "{layers}的卷積核是 {value}（{params:,} 個參數），和題目不同。",
        "這一層用的是哪一種大小的卷積核？參數的個數也會跟著變。",
    ),
    "strides": (
        "{layers}的步長 (strides) 是 {value}，輸出變成 {shape}。",
        "特徵圖要在哪一層縮小、縮小多少？其他的層一次走一格。`Conv2D` 的第三個位置是步長："
        "卷積核的兩邊要寫成一組，`(3, 3)`。",
    ),
    "padding": (
        "{layers}的填充 (padding) 是 {value!r}，輸出是 {shape}。",
        "參數總數看不出這個錯，要看輸出形狀。",
    ),
    "activation": (
        "{layers}的活化函數是 {value}。",
        "題目在這一層用哪一種活化函數？有批次標準化 (BN) 時，活化函數在它之前還是之後？"
        "（`class` 開頭的是類別，少了一對括號。）",
    ),
    "pool_kind": (
        "{layers}用的是 {value} pooling，和題目不同。",
        "題目取的是視窗裡的最大值，還是平均？",
    ),
    "pool_size": (
        "{layers}的 `{field}` 是 {value}，輸出是 {shape}。",
        "對照題目的表：池化的視窗多大、一次走幾格、邊緣補不補 0？",
    ),
    "bias": (
        "{layers}的 `use_bias` 是 {value}，和題目不同。",
        "偏差 (bias) 要不要留，看這一層後面接的是什麼；題目怎麼說？",
    ),
    "merge_kind": (
        "{layers}用的是 {value}，和題目不同。",
        "兩條路在這裡合起來：是逐元素相加、相乘，還是把通道串接起來？看看輸出的通道數。",
    ),
    "setting": (
        "{layers}的 `{field}` 是 {value}，和題目不同。",
        "題目沒有說的設定，保留 Keras 的預設值就好。",
    ),
    "units": (
        "{layers}的寬度是 {value}（{params:,} 個參數），和題目不同。",
        "對照題目的表，這個全連接層有幾個單元？",
    ),
    "last_activation": (
        "最後一層 {layers}的活化函數是 {value}{proof}。",
        "分類的最後一層要給出機率：每個都在 0 到 1 之間，加起來等於 1。哪個活化函數做得到？",
    ),
    "numbers": (
        "層的設定都對，但是給定同樣的權重與影像，`{call}` 算出的數值和題目的網路不同"
        "（最大相差 {worst:.3g}）。",
        "層與層之間是否多做了什麼（相加、乘上常數、自訂的函式）？每一層接的是不是前一層？",
    ),
    "no_numbers": (
        "`{call}` 建得起來，但是給它一張影像時算不出數值{why}，無法確認它是題目的網路。",
        "拿一張隨機影像試試 `model(image)`，看看停在哪一層。`keras.Input` 不要設 `dtype`："
        "卷積算的是浮點數，不是整數。",
    ),
    "include_top": (
        "`include_top` 沒有作用：`include_top={asked}` 時，模型的輸出是 {shape}。",
        "用 `if include_top:` 分兩條路：一條接分類器，另一條只做 pooling；"
        "兩條路做出來的張量都要存回 `x`，最後的模型才用得到它。",
    ),
    "softmax_without_top": (
        "`include_top=False` 時模型最後還有 {layers}：拿掉分類器後應該留下特徵，不是機率。",
        "不含頂層的模型是給別的網路當骨幹 (backbone) 用的，後面不能再接分類器。",
    ),
    "sequential": (
        "你用 `Sequential` 建模，層都接得起來；不過給它 `input_tensor` 時，"
        "它沒有從這個張量出發，而是自己開了一個新的輸入。",
        "`Sequential` 自己決定輸入。改用函數式 (functional) 的寫法，"
        "第一層接在 `input_tensor` 後面，"
        "最後用 `keras.Model(輸入, x)`。",
    ),
    "signature": (
        "函式少了引數 {arguments}，別人照題目的寫法就呼叫不了它。",
        "保留題目給的第一行，也就是 `def` 那一行。",
    ),
    "input_tensor": (
        "`input_tensor` 沒有作用：給了張量，模型卻另外開了一個輸入，兩者沒有接在一起。",
        "有給 `input_tensor` 時就從它出發，沒給 (`None`) 才用 `keras.Input` 建一個。",
    ),
    "input_shape": (
        "`input_shape` 沒有作用：要 {asked}，模型的輸入卻是 {found}。",
        "輸入的形狀（包括通道數）要用引數 `input_shape`，不要寫死在函式裡。",
    ),
    "pooling": (
        "`pooling={asked!r}` 沒有照做：`{call}` 的輸出是 {shape}，最後接的層：{found}。",
        "三種情形：`'max'` 與 `'avg'` 各接一種 global pooling，`None` 保留整張特徵圖。",
    ),
    "classes": (
        "`classes` 沒有作用：要 {asked} 類，模型卻輸出 {found} 個數字。",
        "最後一層的寬度要用引數 `classes`，不要寫死。",
    ),
    "defaults": (
        "只寫 `{call}` 時，模型的輸入是 {input_shape}、輸出是 {shape}，和題目的預設值不同。",
        "保留題目第一行裡各個引數的預設值。",
    ),
    "default_value": (
        "引數 `{argument}` 的預設值是 {found}，題目的第一行寫的是 {right}。",
        "保留題目第一行裡各個引數的預設值。",
    ),
    "names": (
        "層的名字和題目不同：{names}。模型能用，但後面要靠名字找到這些層。",
        "照題目的規則命名。",
    ),
    "unseen": (
        "因為上面的錯，{calls} 建不出模型，要靠它才看得出對錯的部分這次沒有分數。",
        "先改好上面的錯再檢查一次，就會看到這些部分對不對。",
    ),
}


def table(own: Texts) -> dict[str, tuple[str, str]]:
    """All mistakes of a room, the most telling first: why nothing can be judged, its own, the rest.

    Where `own` says a shared mistake in other words, it keeps its place.
    """
    alone = {code: text for code, text in own.items() if code not in SHARED}
    return {**FAILURES, **alone, **SHARED, **own}


# With one of these there is work left to do.
UNFINISHED = {"unfinished", "placeholder"}


class Mistake(NamedTuple):
    """A mistake that was found: its code, the rubric's part, and the numbers that prove it."""

    code: str
    part: str
    numbers: tuple[tuple[str, Any], ...] = ()

    def told(self, texts: Texts) -> Diagnosis:
        """In words."""
        message, hint = texts[self.code]
        return Diagnosis(self.code, message.format(**dict(self.numbers)), hint, self.part)


def diagnose(code: str, part: str, **numbers: object) -> Mistake:
    """A mistake, with the numbers that its message is filled with."""
    return Mistake(code, part, tuple(numbers.items()))


def renamed(pairs: Iterable[tuple[str, str]], part: str) -> list[Mistake]:
    """That names are not the ones expected, from pairs (expected, found)."""
    other = [f"`{found}` → `{expected}`" for expected, found in pairs if expected != found]
    more = f" 等 {len(other)} 層" if len(other) > 3 else ""
    return [diagnose("names", part, names="、".join(other[:3]) + more)] if other else []


def each_once(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """The first of each code: the same mistake in several calls is told once."""
    first: dict[str, Mistake] = {}
    for mistake in mistakes:
        first.setdefault(mistake.code, mistake)
    return list(first.values())


def in_words(mistakes: Iterable[Mistake], own: Texts) -> tuple[Diagnosis, ...]:
    """Without repetition, the most telling first."""
    texts = table(own)
    rank = {code: place for place, code in enumerate(texts)}
    told = dict.fromkeys(mistake.told(texts) for mistake in mistakes)
    return tuple(sorted(told, key=lambda diagnosis: rank[diagnosis.code]))
