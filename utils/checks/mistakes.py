"""Every mistake that a check can name: what proves it and a hint, the most telling first."""

from __future__ import annotations

from collections.abc import Iterable

from .challenge.mistakes import CHALLENGE
from .score import Diagnosis

# code -> (message, hint); {…} are filled by `diagnose`. Why there is nothing to judge:
FAILURES: dict[str, tuple[str, str]] = {
    "missing": (
        "找不到函數 `{function}`。",
        "函數名稱要和題目一樣（大小寫也是），而且定義它的那一格要先執行。",
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
    "returns_none": (
        "`{call}` 傳回 `None`：函數做完了，卻沒有把結果交出來。",
        "函數的最後要有 `return`；建好的東西存進變數還不算傳回。",
    ),
    "returns_model": (
        "`{call}` 傳回的是 {returned}，不是張量 (tensor)。你建的層可能都對，只是這裡要的是"
        "「拿一個輸入張量，傳回輸出張量」的函數。",
        "不必包成 `Sequential` 或 `Model`：每一層像函數一樣接在前一個張量後面，例如 "
        "`x = layers.Conv2D(...)(x)`，最後傳回 `x`。",
    ),
    "not_a_model": (
        "`{call}` 傳回的是 {returned}，不是 `keras.Model`。",
        "有了輸入張量與輸出張量，還要用 `keras.Model(輸入, 輸出)` 把它們包成模型再傳回。",
    ),
    "unreadable": (
        "`{call}` 傳回的模型沒有可以讀的層與連接：{error}",
        "請用 functional API：從 `keras.Input` 出發，一層一層接下去，最後交給 `keras.Model`。",
    ),
    "duplicate_names": (
        "兩個層用了同一個名字，模型建不起來：{error}",
        "每一層的 `name` 必須不同。複製貼上之後，檢查 block 的號碼與 conv 的號碼是不是都改了。",
    ),
    "untied": (
        "輸出沒有接到輸入上，模型建不起來：{error}",
        "交給 `keras.Model` 的輸入，必須就是第一層所接的那一個張量；`Input` 只建一次，一路接到底。",
    ),
    "unknown_activation": (
        "{where}用了不存在的活化函數名稱：{error}",
        "對照 Keras 文件的拼法。同一格裡其他填過的數字（例如全連接層的寬度）也順便再看一次。",
    ),
    "undefined_name": (
        "{where}用到還沒有定義的名稱：{error}",
        "檢查拼字，以及定義它的那一格或 `import` 是否已經執行過。",
    ),
    "wrong_keyword": (
        "{where}給的引數和被呼叫的函數對不上：{error}",
        "對照文件裡的引數名稱與順序；舊版 Keras 的引數名稱現在可能已經改了。",
    ),
    "shrunk": (
        "特徵圖在半路就縮到沒有了，{where}停下來：{error}",
        "VGG 的卷積層不改變高和寬，只有池化層讓它減半。看看是哪個設定讓卷積後的圖變小。",
    ),
    "exception": (
        "執行 `{call}` 時，{where}發生錯誤 {error}",
        "先單獨執行這一行，看看它拿到的東西是不是你以為的樣子；錯誤訊息的最後一行最重要。",
    ),
}

OTHER_NETWORK = (
    "這不是 {asked}：`{call}` 有 {convs} 個卷積層、{params:,} 個參數，"
    "各 block 的卷積數是 {blocks}，也就是 %s。",
    "名字裡的數字是有權重的層數，全連接層佔了其中 3 層。那麼卷積層該有幾層？再對一次論文表 1。",
)

# What is wrong with a model.
MISTAKES: dict[str, tuple[str, str]] = FAILURES | {
    **{
        name: (OTHER_NETWORK[0] % name.upper(), OTHER_NETWORK[1])
        for name in ("vgg11", "vgg13", "vgg19")
    },
    "block_order": (
        "五個 block 都在，但是順序不對：各 block 的 filters 依序是 {filters}。",
        "越往後，特徵圖越小、通道越多。看看每個 block 接的 `x` 是不是前一個 block 的輸出。",
    ),
    "detached": (
        "掉出圖外的有 {missing}：模型的輸入直接接到 {first}，`{call}` 只剩 {params:,} 個參數。",
        "後面的 block 接回了輸入張量。每一層括號裡接的應該是前一層的輸出，"
        "一路用同一個 `x` 最不容易錯。",
    ),
    "missing_block": (
        "模型裡沒有 {missing}：`{call}` 只有 {convs} 個卷積層、{params:,} 個參數。",
        "可能還沒寫，也可能寫了卻沒有接上：新一層的輸出要存回 `x`，下一層才接得到它。",
    ),
    "missing_pool": (
        "少了 {layers}：這個 block 之後高和寬沒有減半，最後的特徵圖是 {shape}。",
        "參數總數看不出這個錯（池化層沒有參數），要看 `summary()` 的輸出形狀。"
        "每個 block 用什麼收尾？",
    ),
    "missing_conv": (
        "{block} 只有 {found} 個卷積層，比設定表少。",
        "數一數設定表裡這個 block 有幾個卷積。",
    ),
    "missing_flatten": (
        "全連接層之前少了 `flatten`{instead}。",
        "block 5 的輸出是高 × 寬 × 通道的特徵圖；VGG 把它整個攤平，沒有先取平均或最大值。",
    ),
    "missing_dense": (
        "少了全連接層 {layers}：分類器 (head) 裡只有 {found} 個 `Dense`。",
        "論文表 1 的最下面列出了全連接層，數數看有幾個。",
    ),
    "extra_layer": (
        "多了設定表裡沒有的層：{layers}。",
        "只留設定表裡有的層。論文發表時還沒有批次標準化 (batch normalization)；"
        "多出的卷積或池化也要拿掉。",
    ),
    "shared_layer": (
        "{layers}是同一個層用了兩次：兩處共用同一組權重，模型的參數因此變少。",
        "每一個卷積都要建一個新的層；層存進變數後重複呼叫，用的是同一組權重。",
    ),
    "filters": (
        "{layers}的 filters 是 {value}（輸出 {shape}、{params:,} 個參數），和設定表不同。",
        "同一個 block 裡每個卷積的 filters 都一樣；對照設定表裡這個 block 的數字。",
    ),
    "kernel_size": (
        "{layers}的卷積核是 {value}（{params:,} 個參數），和論文不同。",
        "VGG 的主張就是「只用一種小卷積核，靠疊深來擴大感受野」。是哪一種大小？"
        "（家族裡只有設定 C 有例外。）",
    ),
    "strides": (
        "{layers}的步長 (strides) 是 {value}，輸出變成 {shape}。",
        "VGG 的卷積一次走一格，縮小特徵圖是池化層的事。",
    ),
    "padding": (
        "{layers}的填充 (padding) 是 {value!r}，輸出是 {shape}。",
        "參數總數看不出這個錯，要看輸出形狀：卷積之後，高和寬應該和卷積之前一樣。",
    ),
    "activation": (
        "{layers}的活化函數是 {value}。",
        "沒有非線性，疊再多層也只等於一層；中間各層用哪一種活化函數？",
    ),
    "pool_kind": (
        "{layers}用的是 {value} pooling，和論文不同。",
        "論文在每個 block 之後取的是視窗裡的哪一個值？",
    ),
    "pool_size": (
        "{layers}的 `{field}` 是 {value}，輸出是 {shape}。",
        "每經過一次池化，高和寬要恰好減半，視窗不重疊。",
    ),
    "setting": (
        "{layers}的 `{field}` 是 {value}，和論文不同。",
        "其他設定保留 Keras 的預設值就好。",
    ),
    "units": (
        "{layers}的寬度是 {value}（{params:,} 個參數），和論文不同。",
        "論文表 1 的最下面寫著 FC 和一個數字：它佔了 VGG 大部分的參數。",
    ),
    "last_activation": (
        "最後一層 {layers}的活化函數是 {value}{proof}。",
        "分類的最後一層要給出機率：每個都在 0 到 1 之間，加起來等於 1。哪個活化函數做得到？",
    ),
    "numbers": (
        "層的設定都對，但是給定同樣的權重與影像，`{call}` 算出的數值和論文的網路不同"
        "（最大相差 {worst:.3g}）。",
        "層與層之間是否多做了什麼（相加、乘上常數、自訂的函數）？每一層接的是不是前一層？",
    ),
    "no_numbers": (
        "`{call}` 建得起來，但是給它一張影像時算不出數值，無法確認它是論文的網路。",
        "拿一張隨機影像試試 `model(image)`，看看停在哪一層。",
    ),
    "include_top": (
        "`include_top` 沒有作用：`include_top={asked}` 時，模型的輸出是 {shape}。",
        "用 `if include_top:` 分兩條路：一條接分類器，另一條只做 pooling。",
    ),
    "softmax_without_top": (
        "`include_top=False` 時模型最後還有 {layers}：拿掉分類器後應該留下特徵，不是機率。",
        "不含頂層的模型是給別的網路當骨幹 (backbone) 用的，blocks 之後只能有 pooling。",
    ),
    "sequential": (
        "你用 `Sequential` 建模，層都接得起來；不過給它 `input_tensor` 時，"
        "它沒有從這個張量出發，而是自己開了一個新的輸入。",
        "`Sequential` 自己決定輸入。改用函數式的寫法，第一層接在 `input_tensor` 後面，"
        "最後用 `keras.Model(輸入, x)`。",
    ),
    "signature": (
        "函數少了引數 {arguments}，別人照題目的寫法就呼叫不了它。",
        "保留題目給的第一行，也就是 `def` 那一行。",
    ),
    "input_tensor": (
        "`input_tensor` 沒有作用：給了張量，模型卻另外開了一個輸入，兩者沒有接在一起。",
        "有給 `input_tensor` 時就從它出發，沒給 (`None`) 才用 `keras.Input` 建一個。",
    ),
    "input_shape": (
        "`input_shape` 沒有作用：要 {asked}，模型的輸入卻是 {found}。",
        "輸入的形狀（包括通道數）要用引數 `input_shape`，不要寫死在函數裡。",
    ),
    "pooling": (
        "`pooling={asked!r}` 沒有照做：`{call}` 的輸出是 {shape}，block 5 之後接的層：{found}。",
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
    "names": (
        "層的名字和題目不同：{names}。模型能用，但後面幾天的課要靠名字找到這些層。",
        "照題目的規則命名：從 `block1_conv1` 到 `block5_pool`，再來是 `flatten`、`fc1`、`fc2`、"
        "`predictions`。",
    ),
}
TABLE = FAILURES | CHALLENGE | MISTAKES
RANK = {code: rank for rank, code in enumerate(TABLE)}


def diagnose(code: str, part: str, **numbers: object) -> Diagnosis:
    """The diagnosis of that mistake with its numbers filled in."""
    message, hint = TABLE[code]
    return Diagnosis(code, message.format(**numbers), hint, part)


def renamed(pairs: list[tuple[str, str]], part: str) -> list[Diagnosis]:
    """The diagnosis of names that are not the ones expected, from pairs (expected, found)."""
    other = [f"`{found}` → `{expected}`" for expected, found in pairs if expected != found]
    more = f" 等 {len(other)} 層" if len(other) > 3 else ""
    return [diagnose("names", part, names="、".join(other[:3]) + more)] if other else []


def most_telling_first(diagnoses: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Without repetition, in the order of the table above."""
    return tuple(sorted(dict.fromkeys(diagnoses), key=lambda diagnosis: RANK[diagnosis.code]))
