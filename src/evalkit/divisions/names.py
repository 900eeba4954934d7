"""Names of divisions: their stems, and whether two names can mean the same place."""

from __future__ import annotations

import re
import unicodedata

_PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|"
    "达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|鄂伦春|赫哲|门巴|珞巴|基诺|各"
)
_AUTONOMOUS = re.compile(rf"(?P<stem>.+?)(?:(?:{_PEOPLES})族)+(?:自治[县旗州]|区)")
_PLAIN_AUTONOMOUS = re.compile(r"(?P<stem>.+)自治[县旗州]")
_SUFFIX = re.compile(r"(?P<stem>.{2,}?)(?:市辖区|特区|林区|地区|[县市区旗盟])")
COLLECTIVE = re.compile(r"市辖区|县|.*直辖.*")
"""Names that head a list of counties and are no place themselves."""


def plain_name(name: str) -> str:
    """Return a name without white space, full-width letters as half-width ones.

    >>> plain_name(" 岳　西 县")
    '岳西县'
    """
    return "".join(unicodedata.normalize("NFKC", name).split())


def stem_of(name: str) -> str:
    """Return what stays of a name when a county becomes a city or district, or is written short.

    The suffix goes, and with it the peoples of an autonomous county; a name of two characters stays whole.

    Examples
    --------
    >>> [stem_of(n) for n in ("旬阳县", "旬阳市", "赣县", "赣县区", "六枝特区", "双江拉祜族佤族布朗族傣族自治县")]
    ['旬阳', '旬阳', '赣县', '赣县', '六枝', '双江']
    >>> [stem_of(n) for n in ("东乡族自治县", "围场满族蒙古族自治县", "鄂温克族自治旗", "郊区")]
    ['东乡族', '围场', '鄂温克族', '郊区']
    """
    text = plain_name(name)
    for shape in (_AUTONOMOUS, _PLAIN_AUTONOMOUS, _SUFFIX):
        found = shape.fullmatch(text)
        if found:
            return found["stem"]
    return text


def same_place(written: str, names: frozenset[str], above: frozenset[str] = frozenset()) -> bool:
    """Tell whether a written name can be one of the names of a code.

    Parameters
    ----------
    written : str
        As in the data; names of the province and prefecture may stand before it.
    names : frozenset of str
        Names the code has had.
    above : frozenset of str
        Names of its province and prefecture.

    Returns
    -------
    bool
        The stems agree: 旬阳, 旬阳县 and 旬阳市 are one; 旬邑县 is another.

    Examples
    --------
    >>> [same_place(n, frozenset({"旬阳县"}), frozenset({"陕西省", "安康市"})) for n in ("旬阳市", "陕西省安康市旬阳", "旬邑县")]
    [True, True, False]
    """
    short = _without(plain_name(written), above)
    stems = {stem_of(n) for n in names}
    known = stems | {s.removesuffix("族") for s in stems if len(s) > 2}
    return stem_of(short) in known or plain_name(written) in {plain_name(n) for n in names}


def _without(text: str, above: frozenset[str]) -> str:
    """Return a name without the names of province and prefecture before it."""
    words = sorted({w for n in above for w in (plain_name(n), stem_of(n)) if w}, key=lambda w: (-len(w), w))
    again = True
    while again:
        again = False
        for word in words:
            rest = text.removeprefix(word)
            if rest != text and len(rest) > 1:
                text, again = rest, True
                break
    return text
