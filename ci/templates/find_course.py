# 這一格替整份筆記本找到課程的檔案（utils 資料夾），找不到就說該怎麼辦。執行就好，不用改。
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen
from zipfile import ZipFile

ADDRESS = ""  # 這台電腦上沒有課程的檔案時，從這個網址下載


class CourseNotFound(Exception):
    def _render_traceback_(self):  # 只說這一句，不印一長串錯誤
        return [f"{self}：請把 classic-cnn-course-student.zip 放到這份筆記本旁邊，再執行這一格。"]


def course_in(*folders):
    return next((each for each in folders if any(each.glob("utils/checks"))), None)


def find_course(here):
    unpacked = (*here.glob("classic-cnn-course*"), *here.glob("classic-cnn-course*/*"))
    if found := course_in(here, *here.parents, *unpacked, *map(Path, sys.path)):
        return found
    packs = sorted(here.glob("classic-cnn-course-student*.zip"), key=lambda p: p.stat().st_mtime)
    if not packs and not ADDRESS:
        raise CourseNotFound("找不到課程的檔案")
    try:
        pack = packs[-1] if packs else io.BytesIO(urlopen(ADDRESS, timeout=30).read())
        with TemporaryDirectory(dir=here) as scratch:  # 整份解開了，才搬到筆記本旁邊
            ZipFile(pack).extractall(scratch)
            found = course_in(*Path(scratch).iterdir())
            assert found, "裡面沒有 utils 資料夾"
            return found.rename(here / "classic-cnn-course")
    except Exception as error:
        raise CourseNotFound(f"{packs[-1].name if packs else ADDRESS} 不能用（{error}）") from None


sys.path.insert(0, str(find_course(Path.cwd())))
